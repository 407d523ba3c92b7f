import type { GatewayMessageEvent, SessionInfo, Thread } from "@agentlocator/contract";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { api, type Product } from "./product.ts";

export interface Customer {
  /** Digits, with the country code. */
  from: string;
  push_name: string;
}

let written = 0;
const minutesAgo = (minutes: number) => Math.floor(Date.now() / 1000) - minutes * 60;

/** A customer, or with `from_me` the owner's phone, writes; the webhook is the gateway's. */
export async function receive(
  { url, gateway_secret }: Product,
  business_id: number,
  message: Customer & Partial<GatewayMessageEvent>,
): Promise<void> {
  const id = `inbox-${++written}`;
  const event = { event: "message", type: "text", business_id, id, ...message };
  const answer = await fetch(`${url}/webhook/whatsapp/baileys`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-BAILEYS-SECRET": gateway_secret },
    body: JSON.stringify(event),
  });
  expect(answer.status, await answer.text()).toBe(204);
}

/** The business for which the person on `page` acts. */
export async function businessOf(page: Page): Promise<number> {
  return (await api<SessionInfo>(page, "GET", "/api/auth/me")).tenant!.id;
}

/** The conversation with this customer. */
export async function threadOf(page: Page, { from }: Customer): Promise<Thread> {
  const path = `/api/threads?type=whatsapp&q=${from.slice(-7)}`;
  return (await api<{ items: Thread[] }>(page, "GET", path)).items[0]!;
}

const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3">
  <rect width="4" height="3" fill="#c98f6b"/><circle cx="2" cy="1.5" r="1" fill="#f2d2b6"/></svg>`;

/** One of each kind of message; what a picture or a file would be fetched as is put in its place. */
export async function converse(page: Page, product: Product, customer: Customer): Promise<Thread> {
  const business_id = await businessOf(page);
  const say = (minutes: number, message: Partial<GatewayMessageEvent>) =>
    receive(product, business_id, { timestamp: minutesAgo(minutes), ...message, ...customer });
  const file = (mimetype: string, more: object) => ({
    media: {
      ref: mimetype,
      mimetype,
      size: 1,
      file_name: null,
      seconds: null,
      voice: false,
      ...more,
    },
  });
  await say(1500, { text: "היי, אפשר לקבוע תור לתספורת?" });
  await say(1498, { from_me: true, text: "שלום *נועה*! בטח. באיזה יום נוח לך?" });
  await say(1490, { text: "יום שלישי. ראיתי את זה ב־https://salon.example/gallery" });
  await say(90, { type: "image", text: "זה הצבע שחשבתי עליו", ...file("image/jpeg", {}) });
  await say(89, { type: "audio", ...file("audio/ogg", { seconds: 14, voice: true }) });
  await say(88, {
    ...{ type: "document", ...file("application/pdf", { file_name: "הצעת מחיר.pdf" }) },
  });
  await say(87, { type: "contact", text: "שירה לוי +972 52-765-4321" });
  await say(86, {
    ...{ type: "location", location: { latitude: 32.08, longitude: 34.78, name: "כיכר המדינה" } },
  });
  await say(40, { id: `where-${customer.from}`, text: "הכתובת נשארה הרצל 12?" });
  await say(39, { from_me: true, reply_to: `where-${customer.from}`, text: "כן, קומה ב" });
  await say(38, { type: "reaction", target: `where-${customer.from}`, text: "❤️" });
  await say(37, { id: `gone-${customer.from}`, text: "טעות" });
  await say(36, { type: "delete", target: `gone-${customer.from}` });
  const thread = await threadOf(page, customer);
  await page.route("**/api/media/*", (route) =>
    route.fulfill({ contentType: "image/svg+xml", body: PICTURE }),
  );
  await page.route(`**/api/threads/${thread.id}/messages*`, async (route) => {
    const answer = await route.fetch();
    const body = (await answer.json()) as { items: Record<string, unknown>[] };
    const [last, ...others] = body.items.filter(({ author }) => author === "user");
    Object.assign(last ?? {}, { status: "held" });
    Object.assign(others[0] ?? {}, { status: "failed", error: "opted_out: …", provider: "twilio" });
    for (const item of body.items) {
      if (item["media"]) Object.assign(item["media"], { error: null, size: 182_000 });
      if (item["media"]) item["media_url"] = `/api/media/${String(item["id"])}`;
      if (item["message_type"] === "audio") item["text"] = "אפשר להקדים לשעה שלוש?";
    }
    await route.fulfill({ json: body });
  });
  return thread;
}
