import { defineConfig } from "vitest/config";

const shared = {
  globals: false,
  pool: "forks",
  testTimeout: 60_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 20_000 } },
  restoreMocks: true,
  unstubEnvs: true,
} as const;

/** Whole processes and browsers: nothing waits for the clock, but everything takes its time. */
const slow = { testTimeout: 120_000, hookTimeout: 90_000 } as const;
const processes = ["frontend/test/**/*.test.ts", "scripts/**/*.test.ts"];
/** Calls run at the pace of speech: beside other tests they would measure those instead. */
const on_the_line =
  "{call-session,caller-ears,greeting,interruption,ladder,model-link,openai-session,tools}";
const calls = [
  `backend/src/features/calls/voice/${on_the_line}.test.ts`,
  "lab/**/*.test.ts",
  "scripts/demo.test.ts",
];

const elsewhere = ["**/node_modules/**"];
/** Builds images and starts containers where a Docker engine answers; nothing runs beside it. */
const appliance = "lab/appliance/**/*.test.ts";

export default defineConfig({
  test: {
    globalSetup: "backend/test/global-setup.ts",
    projects: [
      {
        test: {
          ...shared,
          name: "unit",
          include: ["{backend,baileys,docs,frontend,monitoring}/**/*.test.ts"],
          exclude: [...elsewhere, ...processes, ...calls],
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          ...slow,
          name: "processes",
          include: processes,
          exclude: [...elsewhere, ...calls],
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          ...slow,
          name: "calls",
          include: calls,
          exclude: [...elsewhere, appliance],
          // Calls mostly wait; so many at once are no load yet for two processors.
          maxWorkers: 3,
          maxConcurrency: 16,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          ...slow,
          name: "appliance",
          include: [appliance],
          exclude: elsewhere,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
