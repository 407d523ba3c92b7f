import type { Appointment, Call, Contact } from "@agentlocator/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { phrase } from "../speech/library.ts";
import { call } from "./caller.ts";
import { eventually, until } from "./eventually.ts";
import { keyMaterial } from "./key-material.ts";
import { messagesOf, startWhatsappProduct, statusOf, threadsOf } from "./whatsapp.ts";
import type { WhatsappBusiness, WhatsappProduct } from "./whatsapp.ts";

let world: WhatsappProduct;
beforeAll(async () => {
  world = await startWhatsappProduct();
});
afterAll(() => world?.stop());

let people = 0;
/** Somebody new on WhatsApp. */
const stranger = (name: string) => {
  people += 1;
  return world.wa.customer(`+97254800${String(people).padStart(4, "0")}`, { name });
};
type Customer = ReturnType<typeof stranger>;

/** Writes, and reads what the agent answers: the first message with `words` in it. */
async function ask(customer: Customer, { phone }: WhatsappBusiness, text: string, words: string) {
  const id = await customer.writes(phone, text);
  const answer = await customer.messages.find((message) => (message.text ?? "").includes(words));
  return { id, answer };
}

test("a customer writes, is answered, books, and reads: the ticks show it", async () => {
  const business = await world.addBusiness();
  const dana = stranger("דנה לוי");
  const { id } = await ask(dana, business, "שלום, אפשר לקבוע תור?", "לאיזה יום");
  expect((await dana.sees(id, "delivered")).id).toBe(id);
  await ask(dana, business, "יש תור פנוי מחר?", "האם זה מתאים");
  const { answer } = await ask(dana, business, "כן, מאשר", "קבעתי לך תור");
  expect(dana.chat_states.items.some(({ state }) => state === "composing")).toBe(true);

  const { items } = await business.owner.get<{ items: Appointment[] }>("/api/appointments");
  expect(items).toMatchObject([{ status: "booked", source: "whatsapp" }]);
  dana.reads(answer.id);
  const stored = await eventually(
    () => messagesOf(business),
    (messages) => messages.at(-1)?.status === "read",
  );
  expect(stored.map(({ direction, author }) => `${direction} ${author}`)).toEqual([
    ...["in customer", "out agent", "in customer", "out agent", "in customer", "out agent"],
  ]);
  expect(stored.every(({ provider }) => provider === "baileys")).toBe(true);
  expect(stored.at(-1)).toMatchObject({
    provider_msg_id: answer.id,
    route_reason: "customer_wrote_here",
  });
  const [thread] = await threadsOf(business);
  expect(thread).toMatchObject({ title: "דנה לוי", peer_number: `+${dana.number}` });
  expect(thread!.pending_slot).toBeNull();
  // Read in the console, and therefore on the customer's telephone.
  await business.owner.post(`/api/threads/${thread!.id}/read`, {});
  await dana.sees(id, "read");
  expect(dana.duplicates).toEqual([]);
});

test("two businesses at once, one customer: nothing mixes", async () => {
  const [one, two] = await Promise.all([world.addBusiness(), world.addBusiness()]);
  const ori = stranger("אורי");
  const texts = Array.from({ length: 5 }, (_, i) => i);
  await Promise.all(
    texts.flatMap((i) => [
      ori.writes(one.phone, `לראשון ${i}`),
      ori.writes(two.phone, `לשני ${i}`),
    ]),
  );
  for (const [business, word] of [
    [one, "לראשון"],
    [two, "לשני"],
  ] as const) {
    const stored = await eventually(
      () => messagesOf(business),
      (messages) => messages.filter(({ direction }) => direction === "in").length === 5,
    );
    const words = stored.filter(({ direction }) => direction === "in").map(({ text }) => text);
    expect(words.toSorted()).toEqual(texts.map((i) => `${word} ${i}`));
    await until(() => ori.messages.items.some(({ from }) => from === business.phone.number));
  }
});

test("what the owner types on the own telephone is kept, not answered, and pauses the agent", async () => {
  const business = await world.addBusiness();
  const noa = stranger("נועה");
  await ask(noa, business, "מה שעות הפתיחה שלכם?", "אנחנו פתוחים");
  await business.phone.typed(noa, "היי נועה, זאת דנה בעצמה");
  const [thread] = await eventually(
    () => threadsOf(business),
    ([first]) => first?.ai_paused_until !== null,
  );
  expect(thread!.ai_paused_until).not.toBeNull();
  await noa.writes(business.phone, "מה שעות הפתיחה שלכם?");
  const stored = await eventually(
    () => messagesOf(business),
    (messages) => messages.length === 4,
  );
  expect(stored[2]).toMatchObject({ direction: "out", author: "user", text: /דנה בעצמה/ });
  // Given back, the agent looks at what was left unanswered.
  await business.owner.patch(`/api/threads/${thread!.id}`, { ai_paused_until: null });
  await until(
    () => noa.messages.items.filter(({ text }) => text?.includes("פתוחים")).length === 2,
    20_000,
  );
});

test("somebody who called and then writes is one contact, known by name", async () => {
  const business = await world.addBusiness({ greeting: "" });
  const yael = stranger("יעל");
  const caller = call(world.product, business, { from: `+${yael.number}` });
  await caller.line.waitFor("stream_started");
  await caller.ask("opening_hours", phrase("agent_hours").text);
  caller.line.hangUp();
  await caller.stored(({ status }: Call) => status === "completed");
  await ask(yael, business, "מה שעות הפתיחה שלכם?", "אנחנו פתוחים");
  const { items } = await business.owner.get<{ items: Contact[] }>("/api/contacts");
  expect(items).toMatchObject([{ name: "יעל", phone: `+${yael.number}` }]);
  // The chat knows what was said on the telephone.
  const asked = world.product.openai.requests.filter(({ path }) => path.endsWith("/responses"));
  expect(JSON.stringify(asked.at(-1)?.body)).toContain(phrase("opening_hours").text);
});

test("a picture is fetched and kept with its caption", async () => {
  const business = await world.addBusiness();
  const eitan = stranger("איתן");
  const bytes = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
  await eitan.writes(business.phone, { image: bytes, mimetype: "image/png", caption: "הנה" });
  const [stored] = await eventually(
    () => messagesOf(business),
    ([first]) => Boolean(first?.media_url),
  );
  expect(stored).toMatchObject({ message_type: "image", text: "הנה" });
});

test("logged out on the telephone: one bell, which ends with the next connection", async () => {
  const business = await world.addBusiness();
  business.phone.logoutDevice();
  const { baileys } = await eventually(
    () => statusOf(business),
    (status) => status.baileys.state === "logout",
  );
  expect(baileys.reason).toBe("logged_out");
  const { items } = await eventually(
    () => business.owner.get<{ items: { kind: string }[] }>("/api/notifications"),
    (page) => page.items.length > 0,
  );
  expect(items).toMatchObject([
    {
      kind: "whatsapp_disconnected",
      title: expect.stringContaining("חיבור הוואטסאפ של העסק נותק"),
    },
  ]);
});

test("neither WhatsApp nor OpenAI had anything to complain of, and no key is in the log", () => {
  expect(world.wa.violations).toEqual([]);
  expect(world.product.openai.violations).toEqual([]);
  expect(world.product.twilio.violations).toEqual([]);
  expect(keyMaterial(world.output)).toEqual([]);
});
