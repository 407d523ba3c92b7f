import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDb } from "../../../test/database.ts";
import type { TestDb } from "../../../test/database.ts";
import { createDatabase } from "../../db/database.ts";
import type { Database } from "../../db/database.ts";
import { claimFallback, openCall, reportEnd, saveTurns, takeToken, updateCall } from "./store.ts";

const call_sid = `CA${"1".repeat(32)}`;
let testDb: TestDb;
let db: Database;
let business_id: number;
beforeEach(async () => {
  testDb = await createTestDb();
  db = createDatabase(testDb.url, { max: 4 });
  business_id = await db.inSystem(async ({ trx }) => {
    const [row] = await trx("businesses").insert({ name: "A" }).returning("id");
    return row.id;
  });
  const call = { call_sid, from_number: "+972501234567", to_number: "+97236000000" };
  await db.inBusiness(business_id, (tx) => openCall(tx, call));
});
afterEach(async () => {
  await db.close();
  await testDb.drop();
});

const read = () =>
  db.inBusiness(business_id, ({ trx }) => trx("calls").where({ call_sid }).first());

test("a call on its way to the record fallback ends as that, whoever reports its end and when", async () => {
  const claimed = Promise.withResolvers<void>();
  const commit = Promise.withResolvers<void>();
  const claiming = db.inBusiness(business_id, async (tx) => {
    await claimFallback(tx, call_sid, "model_unreachable");
    claimed.resolve();
    await commit.promise;
  });
  await claimed.promise;
  const reporting = db.inBusiness(business_id, (tx) => reportEnd(tx, call_sid, "completed", 9));
  // The report waits for the row: what it knew of it before is out of date by then.
  await new Promise((resolve) => setTimeout(resolve, 100));
  commit.resolve();
  await Promise.all([claiming, reporting]);
  const ended = { status: "completed" as const, end_reason: "caller_hung_up", duration_seconds: 7 };
  await db.inBusiness(business_id, (tx) => updateCall(tx, call_sid, ended));
  expect(await read()).toMatchObject({
    status: "fallback",
    end_reason: "fallback",
    duration_seconds: 7,
  });
});

test("what the network reports of a call's end fills in what is not known better", async () => {
  await db.inBusiness(business_id, (tx) => reportEnd(tx, call_sid, "failed", null));
  expect(await read()).toMatchObject({ status: "failed", end_reason: "caller_hung_up" });
  const { ended_at } = await read();
  await db.inBusiness(business_id, (tx) => reportEnd(tx, call_sid, "completed", 0));
  expect(await read()).toMatchObject({ status: "failed", ended_at, duration_seconds: 0 });
});

test("a stream that comes after the watchdog has sent its call away is not let in", async () => {
  const take = () => db.inBusiness(business_id, (tx) => takeToken(tx, call_sid, "MZ1", 1));
  await db.inBusiness(business_id, (tx) => claimFallback(tx, call_sid, "stream_never_started"));
  expect(await take()).toBe(false);
  expect(await read()).toMatchObject({ status: "fallback", token_used_at: null });
});

test("a token is taken once; asked again for the same stream by the same process it still is", async () => {
  const take = (stream_sid: string, lease: number) =>
    db.inBusiness(business_id, (tx) => takeToken(tx, call_sid, stream_sid, lease));
  expect(await take("MZ1", 1)).toBe(true);
  // The commit went through and its answer was lost with the connection.
  expect(await take("MZ1", 1)).toBe(true);
  expect(await take("MZ2", 1)).toBe(false);
  expect(await take("MZ1", 2)).toBe(false);
  expect(await read()).toMatchObject({ stream_sid: "MZ1", host_lease: 1, status: "active" });
});

test("a call whose end was written before its beginning stays over", async () => {
  const end = { status: "completed", end_reason: "caller_hung_up" } as const;
  await db.inBusiness(business_id, async (tx) => {
    await updateCall(tx, call_sid, { ...end, ended_at: new Date().toISOString() });
    expect(await takeToken(tx, call_sid, "MZ1", 1)).toBe(true);
  });
  expect(await read()).toMatchObject({ ...end, stream_sid: "MZ1" });
});

test("a character that the database can't keep does not keep a turn from being stored", async () => {
  const turn = {
    seq: 1,
    role: "caller",
    text: "a\0b",
    heard_text: null,
    interrupted: false,
  } as const;
  const turns = [{ ...turn, started_at: "2026-11-20T10:00:00.000Z" }];
  await db.inBusiness(business_id, (tx) => saveTurns(tx, call_sid, turns));
  const stored = await db.inBusiness(business_id, ({ trx }) => trx("call_turns").first("text"));
  expect(stored).toEqual({ text: "ab" });
});
