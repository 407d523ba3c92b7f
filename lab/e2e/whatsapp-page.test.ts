import { join, resolve } from "node:path";
import type { Notification } from "@agentlocator/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../backend/test/free-port.ts";
import { openBrowser, signIn, type Browser } from "../../frontend/test/browser.ts";
import { buildConsole } from "../../scripts/lib/console.ts";
import type { TestBusiness } from "./product.ts";
import { startWhatsappProduct, statusOf, type WhatsappProduct } from "./whatsapp.ts";

const ROOT = resolve(import.meta.dirname, "../..");

let world: WhatsappProduct;
let browser: Browser;
let page: Awaited<ReturnType<Browser["context"]["newPage"]>>;
let business: TestBusiness;
let phone: ReturnType<WhatsappProduct["wa"]["phone"]>;

beforeAll(async () => {
  await buildConsole(ROOT, AbortSignal.timeout(120_000), () => undefined);
  const port = String(await freePort());
  // The browser asks where the product itself listens.
  const here = { PORT: port, PUBLIC_BASE_URL: `http://127.0.0.1:${port}` };
  world = await startWhatsappProduct({ FRONTEND_DIST: join(ROOT, "frontend/dist"), ...here });
  browser = await openBrowser();
  business = await world.product.addBusiness();
  phone = world.wa.phone("+972521234567");
  page = await browser.context.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(`${world.product.url}/login`);
  await signIn(page, business.credentials);
  await page.goto(`${world.product.url}/app/whatsapp`);
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await world?.stop();
});

const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
const state = (words: string) => page.locator(".state .title", { hasText: words }).waitFor();
const qr = () => page.getByRole("img", { name: /קוד QR/ }).waitFor();

test("scanned from the page, it is open; logged out on the telephone, one bell rings", async () => {
  await state("לא מחובר");
  await press("חיבור");
  await qr();
  await phone.scan((await statusOf(business)).baileys.qr!);
  await state("מחובר");
  phone.logoutDevice();
  await state("המכשיר הוסר בטלפון");
  await page.getByText("עדיין מנותק").waitFor();
  await page.getByRole("button", { name: "התראות חדשות: 1" }).waitFor();
});

test("connected again by a code, the disconnect is over", async () => {
  await press("חיבור");
  await qr();
  await page.getByText("אפשר להתחבר עם קוד").click();
  await page.getByLabel("מספר הוואטסאפ של העסק").fill("052-123-4567");
  await press("קבלת קוד");
  const code = (await page.locator(".code bdi").innerText()).replace("-", "");
  await phone.enterCode(code);
  await state("מחובר");
  await expect.poll(() => page.getByText("עדיין מנותק").count()).toBe(0);
  await page.getByRole("button", { name: "התראות חדשות: 1" }).click();
  await page.getByText("הסתיים:").waitFor();
  await page.keyboard.press("Escape");
  const { items } = await business.owner.get<{ items: Notification[] }>("/api/notifications");
  expect(items).toMatchObject([
    { kind: "whatsapp_disconnected", resolved_at: expect.any(String), link: "/app/whatsapp" },
  ]);
});

test("a gateway that is killed is told of, and comes back paired", async () => {
  await world.gateway.kill();
  await state("שער הוואטסאפ אינו עונה");
  await world.gateway.start();
  await state("מחובר");
});

test("disconnected in the console, the telephone lets go and no bell rings", async () => {
  await press("ניתוק");
  await page.getByRole("alertdialog").getByRole("button", { name: "ניתוק" }).click();
  await state("לא מחובר");
  const { items } = await business.owner.get<{ items: unknown[] }>("/api/notifications");
  expect(items).toHaveLength(1);
  expect(world.wa.violations).toEqual([]);
  expect(browser.complaints).toEqual([]);
});
