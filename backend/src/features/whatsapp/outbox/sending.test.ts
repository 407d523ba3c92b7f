import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createOutboxWorld, TWILIO_NUMBER, type OutboxWorld } from "../../../../test/outbox.ts";

let world: OutboxWorld;
let customer: string;

beforeAll(async () => {
  world = await createOutboxWorld();
  await world.channel("open");
});
afterAll(() => world.close());
beforeEach(() => {
  customer = world.number();
  world.gateway.connected = true;
  world.gateway.state = "sent";
});

const sentBy = { baileys: () => world.gateway.texts, twilio: () => bodies() };
const bodies = () => world.twilio.whatsapp.sent.map(({ body }) => body);

test("an answer goes by the provider the customer wrote to, and says so", async () => {
  const thread = await world.writes(customer);
  const first = await world.answer(thread, "דרך השער");
  await world.look(thread);
  expect(sentBy.baileys()).toContain("דרך השער");
  expect(await world.message(first.id)).toMatchObject({
    ...{ provider: "baileys", route_reason: "customer_wrote_here", status: "queued" },
    provider_msg_id: world.gateway.sends.at(-1)!.messageId,
  });
  expect(world.gateway.sends.at(-1)!.body).toMatchObject({ to: customer, type: "text" });

  world.clock.advance(1000);
  await world.writes(customer, "twilio");
  const second = await world.answer(thread, "דרך Twilio");
  await world.look(thread);
  expect(sentBy.twilio()).toEqual(["דרך Twilio"]);
  const { params, sid } = world.twilio.whatsapp.sent.at(-1)!;
  expect(params).toMatchObject({
    From: `whatsapp:${TWILIO_NUMBER}`,
    To: `whatsapp:${customer}`,
    StatusCallback: "https://phone.example/webhook/whatsapp/status",
  });
  expect(await world.message(second.id)).toMatchObject({
    provider: "twilio",
    provider_msg_id: sid,
  });
  expect(world.twilio.violations).toEqual([]);
});

test("a customer is answered from the number that they wrote to last, while it is the business's", async () => {
  const { business_id } = world;
  const telephone = "+97236543210";
  const keep = (phone_number: string | null) =>
    world.db.inSystem(({ trx }) =>
      trx("businesses").where("id", business_id).update({ phone_number }),
    );
  await keep(telephone);
  const thread = await world.writes(customer, "twilio");
  const from = async () => {
    await world.answer(thread, "בוודאי");
    await world.look(thread);
    return world.twilio.whatsapp.sent.at(-1)!.params.From;
  };
  expect(await from()).toBe(`whatsapp:${TWILIO_NUMBER}`);
  world.clock.advance(1000);
  await world.twilio.whatsapp.receive({ from: customer, to: telephone, body: "ועכשיו?" });
  expect(await from()).toBe(`whatsapp:${telephone}`);
  await keep(null);
  expect(await from()).toBe(`whatsapp:${TWILIO_NUMBER}`);
});

test("what the provider says of a message shows on it, whatever comes first", async () => {
  const thread = await world.writes(customer, "twilio");
  const { id } = await world.answer(thread, "שלום");
  await world.look(thread);
  const sent = world.twilio.whatsapp.sent.at(-1)!;
  await world.twilio.whatsapp.report(sent, "read");
  await world.twilio.whatsapp.report(sent, "sent");
  expect((await world.message(id)).status).toBe("read");
});

test("a receipt that comes before Twilio's answer is not lost", async () => {
  world.twilio.whatsapp.fate = ["sent", "delivered"];
  const thread = await world.writes(customer, "twilio");
  const { id } = await world.answer(thread, "שלום");
  world.twilio.nextRequest({ kind: "cut", done: true });
  await world.look(thread);
  await world.twilio.whatsapp.settled();
  expect((await world.message(id)).status).toBe("queued");
  world.clock.advance(5000);
  await world.look(thread);
  expect((await world.message(id)).status).toBe("delivered");
  expect(bodies().filter((body) => body === "שלום")).toHaveLength(2);
  world.twilio.whatsapp.fate = [];
});

test("the messages of a thread keep their order, also behind one that fails for a while", async () => {
  const thread = await world.writes(customer);
  for (const text of ["אחת", "שתיים", "שלוש"]) await world.answer(thread, `${customer} ${text}`);
  world.gateway.faults.push({ status: 429, id: "too_fast" });
  await world.look(thread);
  expect(ours()).toEqual([]);
  await world.look(thread);
  expect(ours()).toEqual([]);
  world.clock.advance(2001);
  await world.look(thread);
  expect(ours()).toEqual(["אחת", "שתיים", "שלוש"]);
});

const ours = () =>
  world.gateway.texts
    .filter((text) => text?.startsWith(customer))
    .map((text) => text!.slice(customer.length + 1));

test("a message that is refused for good does not keep back the next one", async () => {
  const thread = await world.writes(customer);
  const bad = await world.answer(thread, `${customer} אחת`);
  await world.answer(thread, `${customer} שתיים`);
  world.gateway.faults.push({ status: 400, id: "bad_address" });
  await world.look(thread);
  expect(ours()).toEqual(["שתיים"]);
  expect(await world.message(bad.id)).toMatchObject({
    ...{ status: "failed", error: "bad_address: bad_address" },
  });
  const [bell] = await world.bells();
  expect(bell).toMatchObject({ kind: "message_failed", link: `/app/inbox/${thread}` });
});

test("the trouble of one thread is not another's", async () => {
  const thread = await world.writes(customer);
  await world.answer(thread, "תקוע");
  world.gateway.faults.push({ status: 429, id: "too_fast" });
  await world.look(thread);
  const other = await world.writes(world.number());
  await world.answer(other, "עובר");
  await world.look(other);
  expect(world.gateway.texts).toContain("עובר");
  expect(world.gateway.texts).not.toContain("תקוע");
});

test("a provider that gives two messages one id does not stop the thread", async () => {
  const thread = await world.writes(customer);
  const first = await world.answer(thread, `${customer} אחת`);
  await world.look(thread);
  const { messageId } = world.gateway.sends.at(-1)!;
  world.gateway.nextId = messageId;
  const second = await world.answer(thread, `${customer} שתיים`);
  await world.look(thread);
  expect((await world.message(first.id)).provider_msg_id).toBe(messageId);
  expect(await world.message(second.id)).toMatchObject({ status: "sent", provider_msg_id: null });
});

test("a look that got lost is found again", async () => {
  const thread = await world.writes(customer);
  await world.answer(thread, "נשכח");
  const { db, business_id } = world;
  await db.inBusiness(business_id, ({ trx }) =>
    trx("outbox")
      .update({ next_at: trx.raw("now() - interval '1 hour'") })
      .where({ state: "waiting" }),
  );
  const before = world.logged.length;
  await world.run("sweep_outbox");
  const found = world.logged.slice(before).map(({ thread_id }) => thread_id);
  expect(found).toContain(thread);
});

test("an agent's answer to one who opted out is not sent; a person's to a later message is", async () => {
  const thread = await world.writes(customer);
  const { db, business_id } = world;
  const asked_at = new Date(Date.now() - 60_000);
  await db.inBusiness(business_id, ({ trx }) =>
    trx("threads").where("id", thread).update({ last_inbound_at: asked_at }),
  );
  const confirmation = await db.inBusiness(business_id, async (tx) => {
    await tx.trx("contacts").where("phone", customer).update({ opted_out_at: tx.trx.fn.now() });
    return world.whatsapp.chat.queueMessage(tx, {
      ...{
        thread_id: thread,
        author: "agent",
        text: `${customer} הוסרת`,
        idempotency_key: customer,
      },
    });
  });
  await world.look(thread);
  expect((await world.message(confirmation.id)).status).toBe("queued");
  const late = await world.answer(thread, `${customer} מבצע`);
  await world.look(thread);
  expect(await world.message(late.id)).toMatchObject({ status: "failed" });
  expect((await world.message(late.id)).error).toMatch(/^opted_out: /);
  expect((await world.send(customer, { text: "שלום" })).status).toBe(422);
  await world.writes(customer);
  expect((await world.send(customer, { text: "שלום" })).status).toBe(200);
  expect(ours()).toEqual(["הוסרת"]);
});
