import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { converse } from "../../../test/conversation.ts";
import { createPeople, type TestPeople } from "../../../test/people.ts";
import { createCallTools } from "./call-tools.ts";

let world: TestPeople;
let business_id: number;

beforeAll(async () => {
  world = await createPeople();
  business_id = (await world.business()).id;
});
afterAll(() => world.close());
beforeEach(() => world.db.inSystem(({ trx }) => trx("appointments").delete()));

const confirm = { name: "confirm_appointment", arguments: "{}", tool_call_id: "call_2" };

/** A call in which Tuesday at ten has just been proposed. */
async function proposed() {
  const talk = await converse(world, business_id);
  const { db, log, clock, call_sid, thread_id } = talk.ctx;
  const call = { business_id, call_sid: call_sid!, thread_id: Promise.resolve(thread_id) };
  const tools = createCallTools({ db, log, clock }, call);
  const slot = { date: "2026-11-24", time: "10:00" };
  const propose = { name: "propose_slot", arguments: JSON.stringify(slot), tool_call_id: "call_1" };
  expect((await tools.run(propose)).output.ok).toBe(true);
  talk.wait(1000);
  return { talk, tools, now: () => new Date(talk.clock.now()) };
}

test("the words of a yes may come after the model has asked to confirm it", async () => {
  const { talk, tools, now } = await proposed();
  const started = performance.now();
  const confirming = tools.run(confirm);
  const remark = await tools.callerSaid("כן, מאשר", now());
  expect(remark?.note).toContain("בשעה 10:00");
  expect((await confirming).output).toEqual(JSON.parse(remark!.note!));
  expect(performance.now() - started).toBeLessThan(1400);
  expect(await talk.appointments()).toHaveLength(1);
});

test("so may those of a no", async () => {
  const { talk, tools, now } = await proposed();
  const confirming = tools.run(confirm);
  await tools.callerSaid("לא", now());
  expect((await confirming).output.ok).toBe(false);
  expect(await talk.appointments()).toEqual([]);
});

test("when no words come, it is not confirmed, and the answer does not take long", async () => {
  const { talk, tools } = await proposed();
  const started = performance.now();
  const { output } = await tools.run(confirm);
  expect(output).toMatchObject({ ok: false, reason: "not_confirmed_yet" });
  expect(performance.now() - started).toBeLessThan(3000);
  expect(await talk.appointments()).toEqual([]);
});

test("without waiting when the words are there", async () => {
  const { tools, now } = await proposed();
  await tools.callerSaid("בסדר, מתאים לי", now());
  const started = performance.now();
  expect((await tools.run(confirm)).output.ok).toBe(true);
  expect(performance.now() - started).toBeLessThan(1000);
});
