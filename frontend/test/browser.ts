import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface Look {
  locale: "he" | "en";
  theme: "light" | "dark";
  size: "desktop" | "phone";
}

export const SIZES = {
  desktop: { width: 1360, height: 900 },
  phone: { width: 390, height: 844 },
} as const;

/** Debian's Chromium on an empty profile; `close` also removes the profile. */
export async function openBrowser(): Promise<{ context: BrowserContext; close(): Promise<void> }> {
  const profile = await mkdtemp(join(tmpdir(), "console-test-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ARGS,
    timezoneId: "Asia/Jerusalem",
    reducedMotion: "reduce",
  });
  return {
    context,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
