import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createOutboxWorld, type OutboxWorld } from "../../../../test/outbox.ts";

const MINUTE = 60_000;

let world: OutboxWorld;
let customer: string;
let thread: number;
let text: string;

beforeAll(async () => {
  world = await createOutboxWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  customer = world.number();
  text = `תשובה ל-${customer}`;
  thread = await world.writes(customer, "twilio");
});

const times = () => world.twilio.whatsapp.sent.filter(({ body }) => body === text).length;
async function answer() {
  const { id } = await world.answer(thread, text);
  await world.look(thread);
  return id;
}
async function later(ms: number) {
  world.clock.advance(ms);
  await world.look(thread);
}

test("a lost answer is looked up in Twilio's list", async () => {
  world.twilio.nextRequest({ kind: "cut", done: true });
  const id = await answer();
  expect(await world.message(id)).toMatchObject({ status: "queued", provider_msg_id: null });
  await later(3000);
  expect(times()).toBe(1);
  const { sid } = world.twilio.whatsapp.sent.at(-1)!;
  expect(await world.message(id)).toMatchObject({ status: "queued", provider_msg_id: sid });
});

test("the same words sent before are not taken for it", async () => {
  await answer();
  expect(times()).toBe(1);
  world.twilio.nextRequest({ kind: "cut", done: false });
  const again = await answer();
  await later(3000);
  expect((await world.message(again)).provider_msg_id).toBeNull();
  await later(MINUTE);
  expect(times()).toBe(2);
  expect((await world.message(again)).provider_msg_id).not.toBeNull();
});

test.each([500, 503])("after status %i the list decides too", async (status) => {
  world.twilio.nextRequest({ kind: "http", status });
  await answer();
  await later(3000);
  expect(times()).toBe(0);
  await later(MINUTE);
  expect(times()).toBe(1);
});

test("while the list can't be had the message is held in the end, and not sent", async () => {
  world.twilio.nextRequest({ kind: "cut", done: true });
  const id = await answer();
  for (const ms of [3000, MINUTE, MINUTE]) {
    world.twilio.nextRequest({ kind: "http", status: 503 });
    await later(ms);
  }
  expect((await world.message(id)).status).toBe("held");
  expect(times()).toBe(1);
  await later(10 * MINUTE);
  expect((await world.message(id)).status).toBe("queued");
  expect(times()).toBe(1);
});

test("too many requests is a no for now", async () => {
  world.twilio.nextRequest({ kind: "http", status: 429 });
  await answer();
  await later(2001);
  expect(times()).toBe(1);
});

test("what Twilio refuses for good is told in the business's language", async () => {
  world.twilio.nextRequest({ kind: "http", status: 400, code: 63_003 });
  const id = await answer();
  expect(await world.message(id)).toMatchObject({
    ...{ status: "failed", error: "63003: למספר הזה אין וואטסאפ." },
  });
});

test("a receipt that never came is asked for", async () => {
  const id = await answer();
  const sent = world.twilio.whatsapp.sent.at(-1)!;
  sent.status = "delivered";
  await later(16_000);
  expect((await world.message(id)).status).toBe("delivered");
  const failed = await answer();
  Object.assign(world.twilio.whatsapp.sent.at(-1)!, { status: "failed", error_code: 63_024 });
  await later(16_000);
  expect((await world.message(failed)).error).toMatch(/^63024: /);
  expect((await world.bells())[0]).toMatchObject({ kind: "message_failed" });
});

test("a window that closed meanwhile refuses the text", async () => {
  const { id } = await world.answer(thread, text);
  world.clock.advance(25 * 60 * MINUTE);
  await world.look(thread);
  expect(times()).toBe(0);
  expect((await world.message(id)).error).toMatch(/^window_closed: /);
});
