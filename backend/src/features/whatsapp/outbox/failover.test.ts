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
  const { gateway } = world;
  Object.assign(gateway, { connected: true, state: "sent", deaf: false });
  await world.channel("open");
  customer = world.number();
  text = `תשובה ל-${customer}`;
  await world.writes(customer, "twilio");
  world.clock.advance(1000);
  thread = await world.writes(customer);
});

const byGateway = () => world.gateway.texts.filter((sent) => sent === text).length;
const byTwilio = () => world.twilio.whatsapp.sent.filter(({ body }) => body === text).length;
/** How often it went to the customer, by the gateway and by Twilio. */
const times = () => [byGateway(), byTwilio()];

async function answer() {
  const { id } = await world.answer(thread, text);
  await world.look(thread);
  return id;
}
/** Looks again, some time later. */
async function later(ms: number) {
  world.clock.advance(ms);
  await world.look(thread);
}

test.each(["the session", "the gateway"])("Twilio stands in while %s is down", async (what) => {
  if (what === "the session") world.gateway.connected = false;
  else await world.gateway.stop();
  const id = await answer();
  expect(times()).toEqual([0, 1]);
  expect(await world.message(id)).toMatchObject({
    ...{ provider: "twilio", route_reason: "failover_gateway_down", status: "queued" },
  });
  if (what === "the gateway") await world.gateway.start();
  world.gateway.connected = true;
  await later(MINUTE);
  expect(times()).toEqual([0, 1]);
});

test("the gateway is not even asked when it is known to be down", async () => {
  await world.channel("close");
  const before = world.gateway.requests.length;
  await answer();
  expect(times()).toEqual([0, 1]);
  expect(world.gateway.requests.length).toBe(before);
});

test("an attempt whose answer got lost is withdrawn before the next", async () => {
  world.gateway.faults.push("cut_before");
  await answer();
  expect(times()).toEqual([1, 0]);
  const [, withdrawn] = world.gateway.requests.slice(-3);
  expect(withdrawn).toMatch(/^DELETE \/send\//);
});

test("a gateway whose answers get lost again and again is as good as down", async () => {
  world.gateway.faults.push("cut_before", "cut_before", "cut_before");
  await answer();
  expect(times()).toEqual([0, 1]);
});

test("what the gateway had taken all the same is not sent again", async () => {
  world.gateway.faults.push("cut_after");
  const id = await answer();
  expect(times()).toEqual([1, 0]);
  const { messageId } = world.gateway.sends.at(-1)!;
  expect(await world.message(id)).toMatchObject({
    ...{ provider: "baileys", provider_msg_id: messageId, status: "queued", error: null },
  });
});

test("what it had only noted is taken back, and then goes once", async () => {
  world.gateway.faults.push("cut_after");
  world.gateway.state = "journalled";
  await answer();
  expect(times()).toEqual([1, 0]);
  expect(world.gateway.sends.slice(-2).map(({ state }) => state)).toEqual([
    "not_sent",
    "journalled",
  ]);
});

test("what the gateway took and can't send any more goes by Twilio", async () => {
  world.gateway.state = "journalled";
  const id = await answer();
  expect(times()).toEqual([1, 0]);
  await later(16_000);
  expect(times()).toEqual([1, 0]);
  world.gateway.connected = false;
  await later(MINUTE);
  expect(times()).toEqual([0, 1]);
  expect(await world.message(id)).toMatchObject({ route_reason: "failover_gateway_down" });
});

test("in doubt the message is held and a person is told, and nothing is sent twice", async () => {
  world.gateway.faults.push("cut_after");
  world.gateway.deaf = true;
  const id = await answer();
  await later(MINUTE);
  expect(times()).toEqual([0, 0]);
  expect((await world.message(id)).status).toBe("queued");
  await world.answer(thread, "עוד");
  const asked = () => world.gateway.requests.filter((one) => one === "POST /send").length;
  const before = asked();
  await later(2 * MINUTE);
  expect((await world.message(id)).status).toBe("held");
  const [bell] = await world.bells();
  expect(bell).toMatchObject({ kind: "message_stuck", resolved_at: null });
  // The next one waits for it no longer.
  expect(asked()).toBe(before + 1);
});

test("a doubt that ends by itself needs nobody", async () => {
  const { gateway } = world;
  gateway.faults.push("cut_after");
  const id = await answer();
  const { db, business_id } = world;
  await db.inBusiness(business_id, async ({ trx }) => {
    const row = { state: "trying", next_at: new Date(world.clock.now()) };
    await trx("outbox").where("message_id", id).update(row);
    await trx("messages").where({ id }).update({ provider_msg_id: null });
  });
  gateway.deaf = true;
  await later(3 * MINUTE);
  expect((await world.message(id)).status).toBe("held");
  gateway.deaf = false;
  await later(10 * MINUTE);
  expect(await world.message(id)).toMatchObject({ status: "queued", error: null });
  expect(times()).toEqual([1, 0]);
  const stuck = (await world.bells()).find(({ kind }) => kind === "message_stuck");
  expect(stuck!.resolved_at).not.toBeNull();
});

test("a message that WhatsApp never acknowledges is held", async () => {
  world.gateway.state = "written";
  const id = await answer();
  await later(16_000);
  expect((await world.message(id)).status).toBe("queued");
  await later(10 * MINUTE);
  expect(await world.message(id)).toMatchObject({ status: "held" });
  world.gateway.sends.at(-1)!.state = "delivered";
  await later(10 * MINUTE);
  expect((await world.message(id)).status).toBe("delivered");
});

test("a receipt that never came is asked for", async () => {
  const id = await answer();
  expect((await world.message(id)).status).toBe("queued");
  await later(16_000);
  expect((await world.message(id)).status).toBe("sent");
});

test("without Twilio's window the message waits for the gateway", async () => {
  const alone = world.number();
  const lonely = await world.writes(alone);
  world.gateway.connected = false;
  const { id } = await world.answer(lonely, `אל ${alone}`);
  await world.look(lonely);
  // Twilio takes it, and says only then that its window is closed; maybe before the look is over.
  await world.twilio.whatsapp.settled();
  const tried = world.twilio.whatsapp.sent.filter(({ body }) => body === `אל ${alone}`);
  expect(tried).toHaveLength(1);
  world.clock.advance(16_000);
  await world.look(lonely);
  expect(await world.message(id)).toMatchObject({
    ...{ status: "queued", provider: "baileys", route_reason: "waiting_for_gateway" },
  });
  world.gateway.connected = true;
  world.clock.advance(MINUTE);
  await world.look(lonely);
  expect(world.gateway.texts).toContain(`אל ${alone}`);
  expect(await world.message(id)).toMatchObject({ route_reason: "customer_wrote_here" });
});

test("what nobody takes for an hour has failed, and a person is told", async () => {
  await world.settings({ whatsapp_provider: "baileys" });
  world.gateway.connected = false;
  const id = await answer();
  expect(await world.message(id)).toMatchObject({
    ...{ status: "queued", route_reason: "waiting_for_gateway" },
  });
  await later(61 * MINUTE);
  await world.settings({ whatsapp_provider: "auto" });
  expect((await world.message(id)).error).toMatch(/^not_connected: /);
  expect((await world.bells())[0]).toMatchObject({ kind: "message_failed" });
});
