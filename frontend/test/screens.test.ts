import { AxeBuilder } from "@axe-core/playwright";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, openBrowser, settled, signIn, SIZES, still } from "./browser.ts";
import { callThat, isOver, placeCall } from "./calls.ts";
import { AWAITS_SCAN, INCIDENTS } from "./whatsapp.ts";
import { converse } from "./inbox.ts";
import { api, type Product, startProduct } from "./product.ts";

const SHOTS = join(import.meta.dirname, "screenshots");
const SIZE_NAMES = ["desktop", "phone"] as const;
const THEMES = ["light", "dark"] as const;
const LOCALES = ["he", "en"] as const;

let product: Product;
let browser: Browser;
let page: Page;
let failed: string;
let interrupted: string;
let booked: string;

beforeAll(async () => {
  await mkdir(SHOTS, { recursive: true });
  [product, browser] = await Promise.all([startProduct(), openBrowser()]);
  page = await browser.context.newPage();
  await page.goto(`${product.url}/login`);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await product?.stop();
});

async function serious(): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.any[0]?.message ?? ""} ${node.html.slice(0, 200)}`),
    );
}

/** By how many pixels the page is wider than the window. */
const overflow = () =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** As tall as its content, so that bars at the edges of the window stay at the edges. */
async function shoot(name: string, size: (typeof SIZE_NAMES)[number]): Promise<void> {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ ...SIZES[size], height: Math.max(height, SIZES[size].height) });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
  await page.setViewportSize(SIZES[size]);
}

/** Looks at one screen in every language, theme and size. */
async function sweep(
  name: string,
  path: string,
  prepare: (locale: "he" | "en") => Promise<void> = async () => undefined,
  sizes: readonly (typeof SIZE_NAMES)[number][] = SIZE_NAMES,
): Promise<void> {
  const found: string[] = [];
  for (const size of sizes) {
    for (const locale of LOCALES) {
      await page.setViewportSize(SIZES[size]);
      await page.evaluate((chosen) => localStorage.setItem("al_locale", chosen), locale);
      await page.goto(product.url + path);
      await settled(page);
      expect(new URL(page.url()).pathname).toBe(new URL(path, product.url).pathname);
      await prepare(locale);
      for (const theme of THEMES) {
        const look = `${name}-${locale}-${theme}-${size}`;
        await page.emulateMedia({ colorScheme: theme });
        await still(page);
        const direction = await page.evaluate(() => document.documentElement.dir);
        if (direction !== (locale === "he" ? "rtl" : "ltr")) found.push(`${look}: ${direction}`);
        if ((await overflow()) > 0) found.push(`${look}: wider than the window`);
        // The dark theme's colours are the same in both languages.
        if (locale === "he" || theme === "light") {
          found.push(...(await serious()).map((problem) => `${look}: ${problem}`));
        }
        await shoot(look, size);
      }
    }
  }
  expect(found).toEqual([]);
}

const press = (name: RegExp) => page.getByRole("button", { name }).first().click();

test("login", () => sweep("login", "/login"));

test("first setup", async () => {
  // The demo has its administrator already.
  const answer = { json: { needed: true } };
  await page.route("**/api/setup", (route) => route.fulfill(answer));
  try {
    await sweep("setup", "/setup");
  } finally {
    await page.unroute("**/api/setup");
  }
});

test("a page that does not exist", () => sweep("not-found", "/app/nowhere"));

test("live calls, and the first page meanwhile", async () => {
  await page.setViewportSize(SIZES.desktop);
  await page.goto(`${product.url}/login`);
  await signIn(page, product.owner);
  failed = await placeCall(page, "dead_model");
  await callThat(page, failed, (call) => call.status === "fallback").toBe(true);
  // While its model is dead, the demo takes no other call.
  const place = () => placeCall(page, "interruption").catch(() => "");
  await expect.poll(async () => (interrupted = await place()), { timeout: 30_000 }).not.toBe("");
  booked = await placeCall(page, "booking");
  await callThat(page, interrupted, (call) => call.ledger.barge_ins.length > 0).toBe(true);
  await sweep("live", "/app/live", () => page.locator(".turn.agent").nth(2).waitFor());
  await sweep("dashboard-live", "/app");
});

test("tasks", async () => {
  const day = 86_400_000;
  const due_at = new Date(Date.now() - day).toISOString();
  await api(page, "POST", "/api/tasks", { title: "להזמין צבע לשיער", due_at });
  await sweep("tasks", "/app/tasks");
});

test("contacts", () => sweep("contacts", "/app/contacts"));

test("settings", () => sweep("settings", "/app/settings"));

test("WhatsApp, waiting for its code to be scanned", async () => {
  await page.route("**/api/whatsapp/*", (route) =>
    route.fulfill({ json: route.request().url().includes("incidents") ? INCIDENTS : AWAITS_SCAN }),
  );
  try {
    await sweep("whatsapp", "/app/whatsapp", () => page.locator("summary").click());
  } finally {
    await page.unroute("**/api/whatsapp/*");
  }
});

test("a dialog", () => sweep("dialog-task", "/app/tasks", () => press(/משימה חדשה|New task/)));

test("the bell", () =>
  sweep("bell", "/app/contacts", async () => {
    await press(/התראות חדשות|new notifications/i);
    await page.locator(".list li").first().waitFor();
  }));

test("the inbox, and a conversation with one of everything", async () => {
  await page.setViewportSize(SIZES.desktop);
  const { id } = await converse(page, product, { from: "972541119988", push_name: "נועה ברק" });
  // Where there is room, the list stands beside the conversation.
  await sweep("inbox", "/app/inbox", undefined, ["phone"]);
  await sweep("inbox-thread", `/app/inbox/${id}`, async () => {
    await page.locator(".bubble").last().waitFor();
  });
  expect(await page.locator(".trouble").count()).toBe(2);
  await page.setViewportSize({ ...SIZES.desktop, width: 1600 });
  await page.goto(`${product.url}/app/inbox/${id}`);
  await page.locator(".picture").click();
  await page.getByRole("dialog").locator("img").waitFor();
  await page.keyboard.press("Escape");
  await expect.poll(() => page.locator(":focus").getAttribute("class")).toBe("picture");
  await page.locator(".meta").last().click();
  await page.getByRole("dialog").locator("dl").waitFor();
  await still(page);
  await shoot("inbox-details", "desktop");
  expect(await serious()).toEqual([]);
});

test("calls", async () => {
  for (const sid of [interrupted, booked]) await callThat(page, sid, isOver).toBe(true);
  await sweep("calls", "/app/calls");
});

test("a call with an appointment", () => sweep("call-booked", `/app/calls/${booked}`));

test("a call that was interrupted", async () => {
  await sweep("call-interrupted", `/app/calls/${interrupted}`);
  expect(await page.locator(".cut").count()).toBeGreaterThan(0);
});

test("a call that fell back to a recording", async () => {
  await sweep("call-fallback", `/app/calls/${failed}`);
  expect(await page.locator("audio").count()).toBe(1);
});

test("calendar", async () => {
  const date = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const starts_at = `${date}T10:00:00+02:00`;
  const made = { title: "תספורת", starts_at };
  const { id } = await api<{ id: number }>(page, "POST", "/api/appointments", made);
  await sweep("calendar", `/calendar?date=${date}&id=${id}`);
});

test("the first page", () => sweep("dashboard", "/app"));

test("businesses, and a business entered by the agency", async () => {
  await page.context().clearCookies();
  await page.setViewportSize(SIZES.desktop);
  await page.goto(`${product.url}/login`);
  await signIn(page, product.admin);
  await sweep("businesses", "/app/businesses");
  const { items } = await api<{ items: { id: number }[] }>(page, "GET", "/api/admin/businesses");
  await api(page, "POST", "/api/admin/impersonation", { business_id: items[0]!.id });
  await sweep("impersonation", "/app/tasks");
});

test("no page complained", () => expect(browser.complaints).toEqual([]));
