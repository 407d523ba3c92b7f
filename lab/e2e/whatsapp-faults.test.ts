import type { Message } from "@agentlocator/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, until } from "./eventually.ts";
import { isOpen, messagesOf, startWhatsappProduct, statusOf, threadsOf } from "./whatsapp.ts";
import type { WhatsappBusiness, WhatsappProduct } from "./whatsapp.ts";

/** One after the other: each of these takes a part of the product away. */
let world: WhatsappProduct;
let business: WhatsappBusiness;
const twilio_number = "+14155550100";

beforeAll(async () => {
  world = await startWhatsappProduct();
  business = await world.addBusiness({ ai_enabled_whatsapp: false });
  const whatsapp_number = twilio_number;
  await world.product.admin.patch(`/api/admin/businesses/${business.id}`, { whatsapp_number });
});
afterAll(() => world?.stop());

let people = 0;
const stranger = () => {
  people += 1;
  return world.wa.customer(`+97254900${String(people).padStart(4, "0")}`);
};

const textsFrom = async (number: string): Promise<(string | null)[]> => {
  const threads = await threadsOf(business);
  const thread = threads.find(({ peer_number }) => peer_number === `+${number}`);
  const messages = await messagesOf(business);
  return messages.filter(({ thread_id }) => thread_id === thread?.id).map(({ text }) => text);
};

const stored = (number: string, texts: string[]) =>
  eventually(
    () => textsFrom(number),
    (found) => found.length >= texts.length,
  ).then((found) => expect(found).toEqual(texts));

const send = (body: object) =>
  business.owner.post<{ message: Message }>("/api/whatsapp/send", body);

test("the gateway is killed after the receipt and before the backend has the message", async () => {
  const customer = stranger();
  await world.product.end();
  const id = await customer.writes(business.phone, "אני כאן");
  await customer.sees(id, "delivered");
  await world.gateway.kill();
  await world.product.start();
  await world.gateway.start();
  await stored(customer.number, ["אני כאן"]);
  await eventually(() => statusOf(business), isOpen);
  await customer.writes(business.phone, "ועוד משהו");
  await stored(customer.number, ["אני כאן", "ועוד משהו"]);
});

test("the backend is away: what is written meanwhile arrives afterwards, in order, once", async () => {
  const customer = stranger();
  await world.product.end();
  const texts = Array.from({ length: 6 }, (_, i) => `הודעה ${i}`);
  for (const text of texts) {
    const id = await customer.writes(business.phone, text);
    await customer.sees(id, "delivered");
  }
  await world.product.start();
  await stored(customer.number, texts);
});

test("the database is away: the same", async () => {
  const customer = stranger();
  world.product.line.cut();
  const texts = ["אחת", "שתיים", "שלוש"];
  for (const text of texts) {
    const id = await customer.writes(business.phone, text);
    await customer.sees(id, "delivered");
  }
  world.product.line.mend();
  await stored(customer.number, texts);
});

test("what came while the gateway was away is a message like any other", async () => {
  const customer = stranger();
  expect(await world.gateway.stop()).toBe(0);
  await customer.writes(business.phone, "בזמן שישנתם", { offline: true });
  await world.gateway.start();
  await stored(customer.number, ["בזמן שישנתם"]);
});

test("a message accepted before a crash goes out once, under the same id", async () => {
  const customer = stranger();
  await customer.writes(business.phone, "שלום");
  await stored(customer.number, ["שלום"]);
  await eventually(() => statusOf(business), isOpen);
  business.phone.acks.next({ kind: "withheld" });
  const key = { to: `+${customer.number}`, text: "תשובה", idempotency_key: "crash-1" };
  await send(key);
  await until(() => customer.messages.items.length === 1);
  await world.gateway.kill();
  await world.gateway.start();
  const [, answer] = await eventually(
    () => messagesOf(business).then((all) => all.filter(({ text }) => text !== null)),
    (all) => all.some(({ text, status }) => text === "תשובה" && status !== "queued"),
  ).then((all) => [null, all.find(({ text }) => text === "תשובה")!] as const);
  expect(answer.provider).toBe("baileys");
  expect(customer.messages.items.map(({ text }) => text)).toEqual(["תשובה"]);
  // The same key again is the same message.
  expect((await send(key)).message.id).toBe(answer.id);
});

test("the gateway is gone: an answer goes by Twilio, once, while its window is open", async () => {
  const customer = stranger();
  const from = `+${customer.number}`;
  await world.product.twilio.whatsapp.receive({ from, to: twilio_number, body: "גם פה" });
  await customer.writes(business.phone, "ופה");
  await stored(customer.number, ["גם פה", "ופה"]);
  await world.gateway.kill();
  const { message } = await send({ to: from, text: "חוזרים אליך", idempotency_key: "failover" });
  const sent = await eventually(
    () => messagesOf(business),
    (all) => ["sent", "delivered"].includes(all.find(({ id }) => id === message.id)?.status ?? ""),
  );
  expect(sent.find(({ id }) => id === message.id)).toMatchObject({ provider: "twilio" });
  expect(world.product.twilio.whatsapp.sent.map(({ body }) => body)).toEqual(["חוזרים אליך"]);
  await world.gateway.start();
  await eventually(() => statusOf(business), isOpen);
  expect(customer.messages.items).toEqual([]);
});

test("outside the window free text by Twilio is refused, and says why", async () => {
  const customer = stranger();
  const asked = { to: `+${customer.number}`, text: "היי", provider: "twilio" };
  await expect(send({ ...asked, idempotency_key: "closed" })).rejects.toThrow(/ 4\d\d: .*window/);
});

test("nobody had anything to complain of", () => {
  expect(world.wa.violations).toEqual([]);
  expect(world.product.twilio.violations).toEqual([]);
});
