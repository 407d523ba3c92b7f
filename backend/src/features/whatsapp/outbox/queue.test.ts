import { afterAll, beforeAll, expect, test } from "vitest";
import { createOutboxWorld, type OutboxWorld } from "../../../../test/outbox.ts";
import { pendingJobs } from "../../../../test/pending-jobs.ts";
import { startJobs } from "../../../db/jobs.ts";

let world: OutboxWorld;

beforeAll(async () => {
  world = await createOutboxWorld();
  await world.channel("open");
});
afterAll(() => world.close());

const looks = async (thread: number) => {
  const jobs = await pendingJobs(world.url, "whatsapp.send");
  return jobs.filter(({ payload }) => payload.thread_id === thread);
};

test("a thread has one look now and one later, one after the other", async () => {
  const thread = await world.writes(world.number());
  await world.answer(thread, "אחת");
  await world.answer(thread, "שתיים");
  expect(await looks(thread)).toMatchObject([{ key: `send:${thread}`, queue: `send:${thread}` }]);
  await world.look(thread);
  await world.answer(thread, "שלוש");
  const [now, later] = await looks(thread);
  expect([now!.key, later!.key]).toEqual([`send:${thread}`, `send-later:${thread}`]);
  expect(later!.queue).toBe(now!.queue);
  expect(later!.run_at.getTime()).toBeGreaterThan(now!.run_at.getTime() + 10_000);
});

test("what is rolled back was never queued", async () => {
  const thread = await world.writes(world.number());
  const { db, business_id } = world;
  const queued = db.inBusiness(business_id, async (tx) => {
    const message = { author: "agent", text: "לא", idempotency_key: "never" } as const;
    await world.whatsapp.chat.queueMessage(tx, { thread_id: thread, ...message });
    throw new Error("the tool failed");
  });
  await expect(queued).rejects.toThrow("the tool failed");
  expect(await looks(thread)).toEqual([]);
  expect(await world.written(thread)).toEqual([]);
});

test("the agent's key is a key as a person's is", async () => {
  const thread = await world.writes(world.number());
  const first = await world.answer(thread, "תשובה", "answer:1");
  expect((await world.answer(thread, "תשובה", "answer:1")).id).toBe(first.id);
  await expect(world.answer(thread, "אחרת", "answer:1")).rejects.toMatchObject({ status: 409 });
});

test("of two who come with a key at once, the second waits for the first", async () => {
  const thread = await world.writes(world.number());
  const { db, business_id } = world;
  const sql = `select from pg_locks join pg_database d on d.oid = database
    where not granted and datname = current_database()`;
  const waiting = () => db.inSystem(async ({ trx }) => (await trx.raw(sql)).rowCount);
  const message = { thread_id: thread, author: "agent", text: "יחד" } as const;
  const { first, second } = await db.inBusiness(business_id, async (tx) => {
    const queued = { ...message, idempotency_key: "both" };
    const made = await world.whatsapp.chat.queueMessage(tx, queued);
    const other = world.answer(thread, "יחד", "both");
    await expect.poll(waiting).toBe(1);
    // In an object, so that it is not waited for in here.
    return { first: made, second: other };
  });
  expect((await second).id).toBe(first.id);
});

test("a message answers another one, which its own provider knows", async () => {
  const thread = await world.writes(world.number());
  const { db, business_id } = world;
  const asked = await db.inBusiness(business_id, ({ trx }) =>
    trx("messages").where({ thread_id: thread, direction: "in" }).first("id", "provider_msg_id"),
  );
  const reply = { author: "agent", text: "לזה", reply_to_id: asked.id } as const;
  await db.inBusiness(business_id, (tx) =>
    world.whatsapp.chat.queueMessage(tx, { thread_id: thread, ...reply, idempotency_key: "reply" }),
  );
  await world.look(thread);
  expect(world.gateway.sends.at(-1)!.body.replyTo).toBe(asked.provider_msg_id);
});

test("the queue brings messages of many threads to their customers, each in its order", async () => {
  const { url, log, whatsapp } = world;
  const threads = await Promise.all([1, 2, 3].map(() => world.writes(world.number())));
  for (const n of [1, 2, 3]) {
    for (const thread of threads) await world.answer(thread, `תור ${thread}.${n}`);
  }
  const jobs = await startJobs({ url, log, lanes: [{ handlers: whatsapp.sending }] });
  try {
    const sent = (thread: number) =>
      world.gateway.texts.filter((text) => text?.startsWith(`תור ${thread}.`));
    const all = () => threads.map((thread) => sent(thread));
    const wanted = threads.map((thread) => [1, 2, 3].map((n) => `תור ${thread}.${n}`));
    await expect.poll(all, { timeout: 20_000 }).toEqual(wanted);
  } finally {
    await jobs.stop();
  }
});

test("what waited in a thread that became another's is looked at there", async () => {
  const [phone, lid] = [world.number(), "123451234512345@lid"];
  const { business_id, base } = world;
  const writes = (who: object) =>
    fetch(`${base}/webhook/whatsapp/baileys`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-BAILEYS-SECRET": "between the two" },
      body: JSON.stringify({ business_id, id: crypto.randomUUID(), text: "שלום", ...who }),
    });
  const first = await world.writes(phone);
  await writes({ from: "", lid });
  const { body } = await world.send(lid, { text: "מחכה" });
  expect(body.message.thread_id).not.toBe(first);
  await writes({ from: phone, lid });
  expect((await world.message(body.message.id)).thread_id).toBe(first);
  expect((await looks(first)).length).toBeGreaterThan(0);
  await world.look(first);
  expect(world.gateway.sends.at(-1)!.body).toMatchObject({ text: "מחכה", to: phone });
});
