import { defineConfig } from "vitest/config";

const shared = {
  globals: false,
  pool: "forks",
  testTimeout: 20_000,
  hookTimeout: 30_000,
  restoreMocks: true,
  unstubEnvs: true,
} as const;

/** Whole calls run at the pace of speech: beside other tests they would measure those instead. */
const in_real_time = ["lab/**/*.test.ts", "frontend/test/**/*.test.ts", "scripts/**/*.test.ts"];

export default defineConfig({
  test: {
    globalSetup: "backend/test/global-setup.ts",
    projects: [
      {
        test: {
          ...shared,
          name: "unit",
          include: ["{backend,baileys,frontend}/**/*.test.ts"],
          exclude: ["**/node_modules/**", ...in_real_time],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: "whole",
          include: in_real_time,
          exclude: ["**/node_modules/**"],
          maxWorkers: 1,
          // Calls mostly wait; so many at once are no load yet.
          maxConcurrency: 16,
          testTimeout: 90_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
