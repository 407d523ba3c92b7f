import type { Thread, WhatsappSend } from "@agentlocator/contract";
import type { Page, Route } from "playwright-core";
import { expect, test } from "vitest";
import { settled, signIn } from "./browser.ts";
import { businessOf, receive, threadOf, type Customer } from "./inbox.ts";
import { api, type Product } from "./product.ts";
import { OPEN } from "./whatsapp.ts";

const NOA: Customer = { from: "972541110001", push_name: "נועה ברק" };
const TAL: Customer = { from: "972541110002", push_name: "טל אורן" };

/** What an owner does in the inbox; `world` gives a page on which they are signed in. */
export function inboxFlows(world: () => { page: Page; product: Product }): void {
  const open = async (path: string) => {
    const { page, product } = world();
    await page.goto(product.url + path);
    await settled(page);
  };
  const write = async (customer: Customer, text: string, more: object = {}) => {
    const { page, product } = world();
    await receive(product, await businessOf(page), { ...customer, text, ...more });
  };
  const thread = (customer: Customer) => threadOf(world().page, customer);
  const button = (name: string | RegExp) => world().page.getByRole("button", { name, exact: true });
  const bubble = (text: string) => world().page.locator(".bubble").filter({ hasText: text });
  const field = () => world().page.getByRole("textbox", { name: "כתיבת הודעה" });
  const connected = () =>
    world().page.route("**/api/whatsapp/status", (route) => route.fulfill({ json: OPEN }));

  test("inbox: what comes in is there at once, counted, and read when it is seen", async () => {
    const { page, product } = world();
    await page.context().clearCookies();
    await open("/login");
    await signIn(page, product.owner);
    await open("/app/tasks");
    // A person's words keep the agent from answering in between.
    await write(NOA, "שלום נועה", { from_me: true });
    await write(NOA, "אפשר תור למחר?");
    const link = page.getByRole("navigation").getByRole("link", { name: "הודעות" }).first();
    await expect.poll(() => link.innerText()).toMatch(/[1-9]/);
    await link.click();
    const row = page.getByRole("link", { name: "נועה ברק" });
    await row.getByText("הודעות שלא נקראו").waitFor({ state: "attached" });
    await row.click();
    await bubble("אפשר תור למחר?").waitFor();
    await page.getByText("הודעות חדשות", { exact: true }).waitFor();
    await expect.poll(async () => (await thread(NOA)).unread_count).toBe(0);
    await write(NOA, "בבוקר אם אפשר");
    await bubble("בבוקר אם אפשר").waitFor();
    await expect.poll(async () => (await thread(NOA)).unread_count).toBe(0);
  });

  test("inbox: the draft and the place stay where they are while messages come", async () => {
    const { page } = world();
    await connected();
    const minute = Math.floor(Date.now() / 60_000) * 60 - 6_000;
    await write(TAL, "שלום טל", { from_me: true, timestamp: minute });
    await Promise.all(
      Array.from({ length: 54 }, (_, n) =>
        write(TAL, `הודעה מספר ${n}`, { timestamp: minute + 60 + n }),
      ),
    );
    await open(`/app/inbox/${(await thread(TAL)).id}`);
    await bubble("הודעה מספר 53").waitFor();
    await field().fill("טיוטה שלא תאבד");
    const box = page.getByRole("log");
    await box.evaluate((element) => (element.scrollTop = -900));
    const read = bubble("הודעה מספר 40");
    const top = async () => (await read.boundingBox())!.y;
    const before = await top();
    await write(TAL, "עוד משהו");
    await button("הודעה חדשה").waitFor();
    expect(Math.abs((await top()) - before)).toBeLessThan(3);
    expect((await thread(TAL)).unread_count).toBe(1);

    await box.evaluate((element) => (element.scrollTop = -element.scrollHeight));
    await bubble("שלום טל").waitFor();
    await button("הודעה חדשה").click();
    await expect.poll(async () => (await thread(TAL)).unread_count).toBe(0);
    await page.getByRole("link", { name: "נועה ברק" }).click();
    await page.getByRole("heading", { name: "נועה ברק" }).waitFor();
    expect(await field().inputValue()).toBe("");
    await page.getByRole("link", { name: "טל אורן" }).getByText("טיוטה:").waitFor();
    await page.reload();
    await page.getByRole("link", { name: "טל אורן" }).click();
    await page.getByRole("heading", { name: "טל אורן" }).waitFor();
    expect(await field().inputValue()).toBe("טיוטה שלא תאבד");
    await field().fill("");
  });

  test("inbox: a message is tried under one key and shown once, whatever happens", async () => {
    const { page } = world();
    await connected();
    const sent: WhatsappSend[] = [];
    const waiting: Route[] = [];
    await page.route("**/api/whatsapp/send", (route) => {
      sent.push(route.request().postDataJSON() as WhatsappSend);
      if (sent.length !== 2) return void waiting.push(route);
      const type = "urn:agentlocator:problem:opted_out";
      const json = { type, title: "no", status: 422, request_id: "r" };
      return route.fulfill({ status: 422, json });
    });
    const { id } = await thread(NOA);
    await open(`/app/inbox/${id}`);
    await field().fill("נתראה");
    await field().press("Shift+Enter");
    await field().pressSequentially("ביום שלישי");
    await field().press("Enter");
    expect(await field().inputValue()).toBe("");
    await bubble("ביום שלישי").getByRole("img", { name: "בשליחה" }).waitFor();
    await waiting.pop()!.abort();
    await page.getByRole("alert").getByText("הלקוח ביקש לא לקבל הודעות.").waitFor();
    await page.reload();
    await button("שליחה חוזרת").click();
    await expect.poll(() => waiting.length).toBe(1);

    // The live event of the stored message is faster than the answer to sending it.
    const [first] = sent;
    await page.route(`**/api/threads/${id}/messages*`, async (route) => {
      const body = (await (await route.fetch()).json()) as { items: object[] };
      const stored = { id: 999_999, direction: "out", author: "user", status: "sent" };
      const created_at = new Date().toISOString();
      const { text, idempotency_key } = first!;
      body.items.unshift({ ...body.items[0], ...stored, text, idempotency_key, created_at });
      await route.fulfill({ json: body });
    });
    await write(NOA, "מצוין");
    await bubble("ביום שלישי").getByRole("img", { name: "נשלחה" }).waitFor();
    expect(await bubble("ביום שלישי").count()).toBe(1);
    await waiting[0]!.fulfill({ json: { ok: true, message: {} } });
    await expect
      .poll(() => page.evaluate(() => JSON.stringify({ ...sessionStorage })))
      .not.toContain("ביום שלישי");
    expect(await bubble("ביום שלישי").count()).toBe(1);
    expect(sent.map(({ text }) => text)).toEqual(Array(3).fill("נתראה\nביום שלישי"));
    expect(new Set(sent.map(({ idempotency_key }) => idempotency_key)).size).toBe(1);
  });

  test("inbox: files and words go together, in answer to the message that was meant", async () => {
    const { page } = world();
    await connected();
    const sent: WhatsappSend[] = [];
    await page.route("**/api/whatsapp/send", (route) => {
      sent.push(route.request().postDataJSON() as WhatsappSend);
      return route.fulfill({ json: { ok: true, message: {} } });
    });
    await open(`/app/inbox/${(await thread(NOA)).id}`);
    const asked = page.locator("li.message").filter({ hasText: "אפשר תור למחר?" });
    await asked.hover();
    await asked.getByRole("button", { name: "תשובה להודעה הזאת" }).click();
    const file = (name: string) => ({ name, mimeType: "text/plain", buffer: Buffer.from(name) });
    await page.locator("input[type=file]").setInputFiles(["a", "b", "c"].map(file));
    await button("הסרת b").click();
    await field().fill("הנה המחירון");
    await expect.poll(() => button("שליחה").isEnabled()).toBe(true);
    await field().press("Enter");
    await expect.poll(() => sent.length).toBe(2);
    const media_url = expect.stringMatching(/^\/api\/media\/\d+$/);
    const reply_to_id = Number(await asked.getAttribute("data-message"));
    expect(sent[0]).toMatchObject({ text: "הנה המחירון", media_url, reply_to_id });
    expect(sent[1]).toEqual({ to: sent[0]!.to, media_url, idempotency_key: expect.any(String) });
    expect(sent[1]!.media_url).not.toBe(sent[0]!.media_url);
    expect(await page.getByRole("list", { name: "קבצים מצורפים" }).count()).toBe(0);
  });

  test("inbox: a conversation is taken over, given back, assigned, closed and found", async () => {
    const { page } = world();
    const { id } = await thread(NOA);
    const now = () => api<Thread>(page, "GET", `/api/threads/${id}`);
    await open(`/app/inbox/${id}`);
    await button("החזרה לסוכן").click();
    await page.getByText("הסוכן עונה בשיחה הזאת").waitFor();
    expect((await now()).ai_paused_until).toBeNull();
    await button("לקחת את השיחה").click();
    await page.getByText("לשעה", { exact: true }).click();
    await page.getByText(/הסוכן יחזור לענות בעוד (שעה|60 דקות)/).waitFor();
    await button("הקצאה: אף אחד").click();
    await page.getByRole("list", { name: "הקצאה" }).getByText("דנה").click();
    await button(/^הקצאה: .*דנה/).waitFor();
    expect((await now()).assigned_to).not.toBeNull();
    await button("סגירת השיחה").click();
    await page.getByText("סגורה", { exact: true }).waitFor();
    const row = page.getByRole("link", { name: "נועה ברק" });
    await expect.poll(() => row.count()).toBe(0);
    await button("פתוחות").click();
    await page.getByText("סגורות", { exact: true }).click();
    await row.waitFor();
    await page.getByRole("searchbox").fill("אין כזה");
    await page.getByText("לא נמצאו שיחות").waitFor();
    await page.getByRole("searchbox").fill("054-111-0001");
    await row.waitFor();
    await button("פתיחה מחדש").click();
    await expect.poll(async () => (await now()).status).toBe("open");
  });

  test("inbox: when only a template may be sent, it says so, and one is chosen", async () => {
    const { page } = world();
    const template = {
      ...{ content_sid: "HX1", name: "reminder", language: "he", status: "approved" },
      ...{ body: "שלום {{1}}, נתראה ב־{{2}}", variables: { "1": "דנה", "2": "16:30" } },
      category: "UTILITY",
    };
    let sent: WhatsappSend | undefined;
    await page.route("**/api/whatsapp/*", (route) => {
      const what = new URL(route.request().url()).pathname.split("/").at(-1)!;
      if (what === "send") sent = route.request().postDataJSON() as WhatsappSend;
      if (what === "send") return route.fulfill({ json: { ok: true, message: {} } });
      if (what === "status") return route.fulfill({ json: { ...OPEN, provider: "twilio" } });
      const draft = { ...template, content_sid: "HX2", name: "draft", status: "pending" };
      return route.fulfill({ json: { items: [template, draft], next_cursor: null } });
    });
    const { id } = await thread(NOA);
    await page.route(`**/api/threads/${id}`, async (route) => {
      const json = (await (await route.fetch()).json()) as Thread;
      await route.fulfill({ json: { ...json, last_inbound_at: "2026-01-01T00:00:00Z" } });
    });
    await open(`/app/inbox/${id}`);
    await page.getByText("עברו יותר מ־24 שעות").waitFor();
    expect(await field().count()).toBe(0);
    await button("בחירת תבנית").click();
    const dialog = page.getByRole("dialog", { name: "שליחת תבנית" });
    await dialog.getByRole("radio").check();
    await dialog.getByLabel("משתנה 1").fill("נועה");
    expect(await button("שליחת התבנית").isDisabled()).toBe(true);
    await dialog.getByLabel("משתנה 2").fill("17:00");
    await dialog.locator(".preview").getByText("שלום נועה, נתראה ב־17:00").waitFor();
    await button("שליחת התבנית").click();
    await expect.poll(() => sent?.template).toBe("HX1");
    expect(sent?.template_variables).toEqual({ "1": "נועה", "2": "17:00" });
  });
}
