import type { Appointment, Settings } from "@agentlocator/contract";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Browser, openBrowser, settled, signIn } from "./browser.ts";
import { AWAITS_SCAN, INCIDENTS, OFF, OPEN, WAITS } from "./whatsapp.ts";
import { inboxFlows } from "./inbox-flows.ts";
import { peopleFlows } from "./people-flows.ts";
import { api, type Product, startProduct } from "./product.ts";

let product: Product;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [product, browser] = await Promise.all([startProduct(), openBrowser()]);
  page = await browser.context.newPage();
  page.setDefaultTimeout(30_000);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await product?.stop();
});

beforeEach(() => page.unrouteAll());

const open = async (path: string) => {
  await page.goto(product.url + path);
  await settled(page);
};
const button = (name: string | RegExp) => page.getByRole("button", { name, exact: true });
const toast = (text: string | RegExp) => page.locator(".v-snackbar").getByText(text).waitFor();
const path = () => new URL(page.url()).pathname;

test("a wrong password is told plainly; the right one leads where one wanted to go", async () => {
  await open("/app/tasks");
  expect(path()).toBe("/login");
  await page.getByLabel("דוא״ל").fill(product.owner.email);
  await page.keyboard.press("Enter");
  const empty = page.getByLabel("סיסמה", { exact: true });
  const message = await empty.evaluate((field) => (field as HTMLInputElement).validationMessage);
  expect(message).toBe("יש למלא את השדה הזה");
  await empty.fill("not this one");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("כתובת הדוא״ל או הסיסמה אינן נכונות.").waitFor();
  await page.getByRole("alert").getByText("מספר לפנייה").waitFor();
  await page.getByLabel("סיסמה", { exact: true }).fill(product.owner.password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "משימות" }).waitFor();
  expect(path()).toBe("/app/tasks");
});

test("a link can't lead out of the console after signing in", async () => {
  await page.context().clearCookies();
  await open("/login?next=//evil.example/app");
  await signIn(page, product.owner);
  expect(page.url()).toBe(`${product.url}/app`);
});

test("the language is kept, and turns the page round", async () => {
  await open("/app/contacts");
  await button("English").click();
  await page.getByRole("heading", { level: 1, name: "Contacts" }).waitFor();
  await open("/app/contacts");
  expect(await page.locator("html").getAttribute("dir")).toBe("ltr");
  expect(await page.locator("html").getAttribute("lang")).toBe("en");
  expect(await page.title()).toBe("Contacts · AgentLocator");
  await button("עברית").click();
  expect(await page.locator("html").getAttribute("dir")).toBe("rtl");
});

test("by keyboard: the first stop leads to the content, a dialog gives the focus back", async () => {
  await open("/app/tasks");
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
  await button("משימה חדשה").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "משימה חדשה" }).waitFor();
  await expect.poll(() => page.locator(":focus").getAttribute("type")).toBe("text");
  await page.keyboard.press("Escape");
  await expect.poll(() => page.locator(":focus").innerText()).toContain("משימה חדשה");
});

test("a task is added, done and removed", async () => {
  await open("/app/tasks");
  await button("משימה חדשה").click();
  await page.getByLabel("מה צריך לעשות").fill("להתקשר לספק +972501234567");
  await button("שמירה").click();
  await toast("המשימה נשמרה");
  const row = page.locator("li").filter({ hasText: "להתקשר לספק" });
  await row.getByText("050-123-4567").waitFor();
  await row.getByRole("checkbox").check();
  await toast("המשימה בוצעה");
  await button("בוצעו").click();
  await row.getByRole("button", { name: /עריכת/ }).click();
  await button("מחיקה").first().click();
  await page.getByRole("alertdialog").getByRole("button", { name: "מחיקה" }).click();
  await toast("המשימה נמחקה");
  await expect.poll(() => row.count()).toBe(0);
});

test("a contact's number is checked, and belongs to one contact only", async () => {
  await open("/app/contacts");
  const add = async (name: string, phone: string) => {
    await page.getByLabel("שם", { exact: true }).fill(name);
    await page.getByLabel("טלפון", { exact: true }).fill(phone);
    await button("שמירה").click();
  };
  await button("איש קשר חדש").click();
  await add("רות", "12");
  await page.getByText("מספר הטלפון אינו תקין").waitFor();
  await add("רות", "054-999-8877");
  await toast("איש הקשר נשמר");
  await button("איש קשר חדש").click();
  await add("רותי", "+972549998877");
  await page.getByRole("alert").getByText("איש קשר עם המספר הזה כבר קיים.").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("searchbox").fill("רות");
  await expect.poll(() => page.locator(".list li").count()).toBe(1);
});

/** Noon of the coming Sunday in Israel, where no demo call books. */
function sunday(clock: string): string {
  const now = new Date();
  const date = new Date(now.getTime() + (7 - now.getUTCDay() + 7) * 86_400_000);
  return `${date.toISOString().slice(0, 10)}T${clock}:00+02:00`;
}
const appointments = async () =>
  (await api<{ items: Appointment[] }>(page, "GET", "/api/appointments?limit=200")).items;

test("appointments: taken times are refused, dragging moves, cancelling asks first", async () => {
  const at = sunday("12:00");
  await open(`/calendar?date=${at.slice(0, 10)}`);
  await api(page, "POST", "/api/appointments", { title: "תספורת", starts_at: at });
  const event = page.locator(".appointment").filter({ hasText: "תספורת" });
  await event.waitFor();

  await api(page, "POST", "/api/appointments", { title: "צבע", starts_at: sunday("14:00") });
  const other = page.locator(".appointment").filter({ hasText: "צבע" });
  await other.focus();
  await page.keyboard.press("Enter");
  await page.getByLabel("שעה").selectOption("12:15");
  await button("שמירה").click();
  await page.getByRole("alert").getByText("בשעה הזאת כבר נקבעה פגישה").waitFor();
  await page.getByLabel("שעה").selectOption("15:00");
  await button("שמירה").click();
  await toast("הפגישה עודכנה");

  const drag = async (from: typeof event, onto: number) => {
    await from.scrollIntoViewIfNeeded();
    const box = (await from.boundingBox())!;
    const x = box.x + box.width / 2;
    const y = box.y + 6;
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x, y + onto / 2, { steps: 5 });
    await page.mouse.move(x, y + onto, { steps: 5 });
    await page.mouse.up();
  };
  const start = async (title: string) => {
    const item = (await appointments()).find((one) => one.title === title)!;
    return new Date(item.starts_at).toISOString();
  };
  const twelve = (await event.boundingBox())!.y;
  const fifteen = (await other.boundingBox())!.y;
  const hour = (fifteen - twelve) / 3;
  await drag(event, hour);
  await toast("הפגישה הועברה");
  await expect.poll(() => start("תספורת")).toBe(new Date(sunday("13:00")).toISOString());
  await drag(event, 2 * hour);
  await toast("בשעה הזאת כבר נקבעה פגישה. יש לבחור שעה אחרת.");
  await page.locator(".v-snackbar").getByRole("button").click();
  await event.getByText("13:00").waitFor();

  await event.click();
  await button("ביטול הפגישה").first().click();
  await page.getByRole("alertdialog").getByRole("button", { name: "ביטול הפגישה" }).click();
  await toast("הפגישה בוטלה");
  await expect.poll(() => event.count()).toBe(0);
  expect((await appointments()).find((one) => one.title === "תספורת")?.status).toBe("cancelled");
});

test("settings are saved, and not lost by leaving", async () => {
  await open("/app/settings");
  const greeting = page.getByLabel("משפט פתיחה");
  await greeting.fill("שלום, כאן הסוכן החדש.");
  const sunday = page.getByRole("group", { name: "יום ראשון" });
  await sunday.getByLabel("פתיחה").selectOption("08:30");
  await page.getByRole("link", { name: "משימות" }).first().click();
  await page.getByRole("alertdialog").getByRole("button", { name: "חזרה" }).click();
  expect(path()).toBe("/app/settings");
  await button("שמירה").click();
  await toast("ההגדרות נשמרו");
  const saved = await api<Settings>(page, "GET", "/api/settings");
  expect(saved.greeting).toBe("שלום, כאן הסוכן החדש.");
  expect(saved.business_hours.sun?.[0]?.[0]).toBe("08:30");
  expect(await page.getByText("יש שינויים שלא נשמרו").count()).toBe(0);
});

test("an employee sees the settings and can't change them", async () => {
  const employee = { email: "worker@demo.example", password: "a long password", name: "עובדת" };
  await api(page, "POST", "/api/users", { ...employee, role: "agent" });
  await page.context().clearCookies();
  await open("/login");
  await signIn(page, employee);
  await open("/app/settings");
  await page.getByText("רק בעל העסק יכול לשנות את ההגדרות.").waitFor();
  expect(await page.getByLabel("משפט פתיחה").isDisabled()).toBe(true);
});

test("the agency makes a business, enters it and leaves it", async () => {
  await page.context().clearCookies();
  await open("/login");
  await signIn(page, product.admin);
  expect(path()).toBe("/app/businesses");
  await button("עסק חדש").click();
  await page.getByLabel("שם העסק").fill("מאפיית שיבולים");
  await page.getByLabel("טלפון").fill("03-777-6655");
  await page.getByLabel("שם", { exact: true }).fill("גליה");
  await page.getByLabel("דוא״ל").fill("galia@demo.example");
  await page.getByLabel("סיסמה", { exact: true }).fill("a long password");
  await page.getByRole("dialog").getByRole("button", { name: "עסק חדש" }).click();
  await toast("העסק נוצר");
  await button("כניסה לעסק מאפיית שיבולים").click();
  await page.getByText("פעולה בשם העסק").waitFor();
  for (const [place, empty] of [
    ["/app/calls", "עדיין אין שיחות"],
    ["/app/live", "אין שיחות כרגע"],
    ["/app/tasks", "אין משימות פתוחות"],
    ["/app/contacts", "עדיין אין אנשי קשר"],
  ]) {
    await open(place!);
    await page.getByText(empty!).waitFor();
  }
  await button("יציאה מהעסק").click();
  await page.getByRole("heading", { level: 1, name: "עסקים" }).waitFor();
  expect(await page.getByText("פעולה בשם העסק").count()).toBe(0);
});

test("the agency gives a message that belongs to nobody to its business", async () => {
  const lost = { id: "LOST1", from: "972501112233", text: "הגעתי לעסק הנכון?" };
  const { status } = await fetch(`${product.url}/webhook/whatsapp/baileys`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-BAILEYS-SECRET": product.gateway_secret },
    body: JSON.stringify(lost),
  });
  expect(status).toBe(204);
  await open("/app/businesses");
  const aside = page.getByRole("region", { name: "הודעות וואטסאפ שאינן שייכות לעסק" });
  await aside.getByText(lost.text).waitFor();
  await aside.getByText("לא ידוע לאיזה עסק", { exact: true }).waitFor();
  await aside.locator(".v-select .v-field").click();
  await page.getByRole("option", { name: "מאפיית שיבולים" }).click();
  await aside.getByRole("button", { name: "שיוך" }).click();
  await toast("ההודעה שויכה לעסק");
  await expect.poll(() => aside.count()).toBe(0);
  await button("כניסה לעסק מאפיית שיבולים").click();
  await page.getByText("פעולה בשם העסק").waitFor();
  const { items } = await api<{ items: unknown[] }>(page, "GET", "/api/threads?type=whatsapp");
  expect(items).toMatchObject([{ peer_number: "+972501112233", unread_count: 1 }]);
  await button("יציאה מהעסק").click();
});

test(
  "a demo call is followed word by word, and its appointment found",
  { timeout: 120_000 },
  async () => {
    await page.context().clearCookies();
    await open("/login");
    await signIn(page, product.owner);
    const { items: before } = await api<{ items: unknown[] }>(page, "GET", "/api/calls");
    await open("/app/live");
    await button("שיחת הדגמה").click();
    await page.getByText("קביעת פגישה").click();
    const card = page.locator("article").first();
    await card.getByText("הסוכן מדבר").waitFor();
    await card.getByText("הלקוח מדבר").waitFor({ timeout: 30_000 });
    await expect
      .poll(() => card.locator(".turn.caller").count(), { timeout: 40_000 })
      .toBeGreaterThan(2);
    await card.getByRole("link", { name: "לפרטי השיחה" }).click();
    await page.getByRole("link", { name: "הצגה ביומן" }).waitFor({ timeout: 40_000 });
    await expect
      .poll(() => page.locator(".facts").innerText(), { timeout: 40_000 })
      .toContain("הסוכן סיים את השיחה");
    await page.getByRole("link", { name: "הצגה ביומן" }).click();
    await page.locator(".appointment.linked").waitFor();
    const { items: after } = await api<{ items: unknown[] }>(page, "GET", "/api/calls");
    expect(after.length).toBeGreaterThan(before.length);
  },
);

test("the badge says when the page is not live, and the page catches up", async () => {
  const tab = await browser.context.newPage();
  await tab.clock.install();
  await tab.route("**/api/events", (route) => route.abort());
  await tab.goto(`${product.url}/app/tasks`);
  await tab.getByText("מתחבר מחדש").waitFor();
  await tab.clock.runFor(46_000);
  await tab.getByText("לא מתעדכן מאז").waitFor();
  await api(page, "POST", "/api/tasks", { title: "נוצרה בזמן הנתק" });
  await tab.clock.runFor(16_000);
  await tab.getByText("נוצרה בזמן הנתק").waitFor();
  await tab.unroute("**/api/events");
  await tab.clock.runFor(46_000);
  await tab.getByText("מתעדכן בזמן אמת").waitFor();
  await api(page, "POST", "/api/tasks", { title: "הגיעה בזמן אמת" });
  await tab.clock.runFor(1_000);
  await tab.getByText("הגיעה בזמן אמת").waitFor();
  await tab.close();
});

test("a fault is told with its reference, and can be tried again", async () => {
  const problem = { type: "urn:agentlocator:internal", title: "Error", status: 500 };
  const answer = { status: 500, json: { ...problem, request_id: "ref-123" } };
  await page.route("**/api/contacts*", (route) => route.fulfill(answer));
  await open("/app/contacts");
  await page.getByRole("alert").getByText("משהו השתבש אצלנו").waitFor();
  await page.getByText("ref-123").waitFor();
  await page.unroute("**/api/contacts*");
  await button("ניסיון נוסף").click();
  await page.locator(".list li").first().waitFor();
});

test("WhatsApp: a scan or a code, the state as it changes, and the way out", async () => {
  let now = OFF;
  const asked: string[] = [];
  await page.route("**/api/whatsapp/*", (route) => {
    const what = new URL(route.request().url()).pathname.split("/").at(-1)!;
    if (route.request().method() === "POST") asked.push(what);
    if (what === "connect") now = AWAITS_SCAN;
    if (what === "disconnect") now = OFF;
    const json = { incidents: INCIDENTS, "pairing-code": { code: "ABCD1234" } }[what] ?? now;
    return route.fulfill({ json });
  });
  await open("/app/whatsapp");
  await page.getByText("עדיין מנותק").waitFor();
  await page.getByText("שעתיים, 5 דקות").waitFor();
  await button("חיבור").click();
  await page.getByRole("img", { name: /קוד QR/ }).waitFor();
  await page.getByText("אפשר להתחבר עם קוד").click();
  await page.getByLabel("מספר הוואטסאפ של העסק").fill("050-123-4567");
  await button("קבלת קוד").click();
  await page.getByText("ABCD-1234", { exact: true }).waitFor();
  // Scanned: nobody presses anything.
  now = OPEN;
  await page.getByText("מחובר", { exact: true }).waitFor();
  expect(await page.getByRole("img", { name: /קוד QR/ }).count()).toBe(0);
  now = WAITS;
  await open("/app/whatsapp");
  await expect.poll(() => page.getByRole("timer").innerText()).toMatch(/^\d+:\d\d$/);
  await button("ניתוק").click();
  await page.getByRole("alertdialog").getByRole("button", { name: "חזרה" }).click();
  await button("ניתוק").click();
  await page.getByRole("alertdialog").getByRole("button", { name: "ניתוק" }).click();
  await toast("הוואטסאפ נותק");
  await page.getByText("לא מחובר", { exact: true }).waitFor();
  expect(asked).toEqual(["connect", "pairing-code", "disconnect"]);
});

test("WhatsApp: which provider carries the messages is chosen here", async () => {
  await open("/app/whatsapp");
  await page.getByLabel("רק דרך Twilio").click();
  await toast("ההגדרות נשמרו");
  const settings = await api<Settings>(page, "GET", "/api/settings");
  expect(settings.whatsapp_provider).toBe("twilio");
  await api(page, "PATCH", "/api/settings", { whatsapp_provider: "auto" });
});

test("an ended session leads to the login, and back", async () => {
  // News of a customer would make the page ask, and find out, before the link is pressed.
  await page.route("**/api/events", (route) => route.abort());
  await open("/app/calls");
  await page.context().clearCookies();
  await page.getByRole("link", { name: "אנשי קשר" }).first().click();
  await page.getByLabel("דוא״ל").waitFor();
  await signIn(page, product.owner);
  expect(path()).toBe("/app/contacts");
});

inboxFlows(() => ({ page, product }));
peopleFlows(() => ({ page, product }));

test("no page complained", () => expect(browser.complaints).toEqual([]));
