import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import type { Account } from "./product.ts";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const SIZES = {
  desktop: { width: 1360, height: 900 },
  phone: { width: 390, height: 844 },
} as const;

export interface Browser {
  context: BrowserContext;
  /** Errors that scripts threw and warnings they wrote, on any page of this browser. */
  complaints: string[];
  close(): Promise<void>;
}

/** Debian's Chromium on an empty profile; `close` also removes the profile. */
export async function openBrowser(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), "console-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium",
    args: ARGS,
    timezoneId: "America/New_York",
    reducedMotion: "reduce",
    viewport: SIZES.desktop,
  });
  const complaints: string[] = [];
  context.on("page", (page) => {
    page.on("pageerror", (error) => complaints.push(`${error.stack}`));
    page.on("console", (message) => {
      const text = message.text();
      // The browser reports every answer above 399 itself, also those that are expected.
      const isOurs = !text.startsWith("Failed to load resource");
      if (["error", "warning"].includes(message.type()) && isOurs) complaints.push(text);
    });
  });
  return {
    context,
    complaints,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

export async function signIn(page: Page, account: Account): Promise<void> {
  await page.locator("input[type=email]").fill(account.email);
  await page.locator("input[name=password]").fill(account.password);
  await page.locator("button[type=submit]").click();
  await page.locator("#main h1").waitFor();
}

/** Waits until the page has its data and its letters. */
export async function settled(page: Page): Promise<void> {
  await page.locator("h1").first().waitFor();
  await page.waitForFunction(
    () => !document.querySelector(".v-skeleton-loader") && document.fonts.status === "loaded",
  );
  await still(page);
}

/** Waits until nothing fades or moves any more, but for what moves forever. */
export async function still(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const passing = document
      .getAnimations()
      .filter((one) => one.effect?.getTiming().iterations !== Infinity);
    // What stands still counts as finished; its promise would never settle.
    const moving = passing.filter((one) => one.playState === "running");
    await Promise.allSettled(moving.map((one) => one.finished));
  });
}
