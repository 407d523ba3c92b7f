import { setTimeout as pause } from "node:timers/promises";
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

test("words from before the yes are not taken for it", async () => {
  const { talk, tools, now } = await proposed();
  await tools.callerSaid("מה שעות הפתיחה שלכם?", now());
  talk.wait(1000);
  const confirming = tools.run(confirm);
  const soon = pause(300).then(() => "the words are awaited");
  expect(await Promise.race([confirming, soon])).toBe("the words are awaited");
  await tools.callerSaid("כן, מאשר", now());
  expect((await confirming).output.ok).toBe(true);
  expect(await talk.appointments()).toHaveLength(1);
});

const ask_time = "אני צריך גם שעה מדויקת, באיזו שעה תרצה?";

/** A call in which nothing was proposed. */
async function unproposed() {
  const talk = await converse(world, business_id);
  const { db, log, clock, call_sid, thread_id } = talk.ctx;
  const tools = createCallTools(
    { db, log, clock },
    { business_id, call_sid: call_sid!, thread_id },
  );
  return { talk, tools, now: () => new Date(talk.clock.now()) };
}

test("what is to be said is said once, though the model asks to confirm meanwhile", async () => {
  const { tools, now } = await unproposed();
  const confirming = tools.run(confirm);
  expect(await tools.callerSaid("כן, מאשר", now())).toBeNull();
  expect((await confirming).say).toBe(ask_time);
});

test("nor is it said again when the words come after the tool's answer", async () => {
  const { talk, tools, now } = await unproposed();
  await tools.callerSaid("לא", now());
  talk.wait(1000);
  const began_at = now();
  talk.wait(1000);
  expect((await tools.run(confirm)).say).toBe(ask_time);
  expect(await tools.callerSaid("כן, מאשר", began_at)).toBeNull();
  talk.wait(1000);
  expect(await tools.callerSaid("כן, מאשר", now())).toEqual({ say: ask_time });
});

test("words are looked at only when they can change something", async () => {
  const talk = await converse(world, business_id);
  const { log, clock, call_sid, thread_id } = talk.ctx;
  let looks = 0;
  const db: typeof world.db = {
    ...world.db,
    inBusiness: (id, run) => ((looks += 1), world.db.inBusiness(id, run)),
  };
  const call = { business_id, call_sid: call_sid!, thread_id };
  const tools = createCallTools({ db, log, clock }, call);
  const says = async (text: string) => {
    talk.wait(1000);
    const before = looks;
    const remark = await tools.callerSaid(text, new Date(talk.clock.now()));
    return { remark, looked: looks > before };
  };

  expect(await says("שלום, אני רוצה לקבוע תור")).toEqual({ remark: null, looked: true });
  expect(await says("מה שעות הפתיחה שלכם?")).toEqual({ remark: null, looked: false });
  expect(await says("כן, מאשר")).toMatchObject({ remark: { say: ask_time }, looked: true });
  expect(await says("לא")).toEqual({ remark: null, looked: false });

  const slot = JSON.stringify({ date: "2026-11-24", time: "10:00" });
  await tools.run({ name: "propose_slot", arguments: slot, tool_call_id: "call_1" });
  expect((await says("לא")).remark?.note).toBeDefined();
  expect(await says("טוב, אז נדבר")).toEqual({ remark: null, looked: true });
  expect(await says("להתראות")).toEqual({ remark: null, looked: false });
});
