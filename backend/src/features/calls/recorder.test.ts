import { EMPTY_LEDGER } from "@agentlocator/contract";
import type { Turn } from "@agentlocator/contract";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createTestDb } from "../../../test/database.ts";
import type { TestDb } from "../../../test/database.ts";
import { createDatabase } from "../../db/database.ts";
import type { Database } from "../../db/database.ts";
import { createLog } from "../../platform/log.ts";
import { createRecordBatch } from "./record-batch.ts";
import { createRecorder } from "./recorder.ts";
import { openCall } from "./store.ts";
import type { Ledger } from "./voice/index.ts";

const log = createLog("silent");
let testDb: TestDb;
let real: Database;
let business_id: number;
let transactions: number;
/** Each transaction waits for this. */
let gate: Promise<unknown>;
let db: Database;

beforeEach(async () => {
  testDb = await createTestDb();
  real = createDatabase(testDb.url, { max: 4 });
  business_id = await real.inSystem(async ({ trx }) => {
    const [row] = await trx("businesses").insert({ name: "A" }).returning("id");
    return row.id;
  });
  transactions = 0;
  gate = Promise.resolve();
  db = {
    ...real,
    async inBusiness(id, run) {
      transactions += 1;
      await gate;
      return real.inBusiness(id, run);
    },
  };
});
afterEach(async () => {
  await real.close();
  await testDb.drop();
});

const sidOf = (n: number) => `CA${String(n).padStart(32, "0")}`;

async function calls(count: number, opened: Promise<unknown> = Promise.resolve()) {
  const batch = createRecordBatch({ db, log });
  return Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const call_sid = sidOf(n);
      const numbers = { from_number: "", to_number: "+97236000000" };
      await real.inBusiness(business_id, (tx) => openCall(tx, { call_sid, ...numbers }));
      const told = { announceSpeaking() {}, onEnded() {}, onSettled() {} };
      const metrics = { callEnded() {} };
      const call = { call_sid, business_id, started_at: Date.now(), opened };
      return createRecorder({ db, log, batch, metrics, ...call, ...told });
    }),
  );
}

const turn = (seq: number, text: string): Turn => ({
  ...{ seq, role: "caller", text, heard_text: null, interrupted: false },
  started_at: "2026-11-20T12:00:00.000Z",
});
const ledger = (greeting_ms: number): Ledger => ({
  ...EMPTY_LEDGER,
  end_reason: null,
  greeting_ms,
});

async function stored(call_sid: string) {
  return real.inBusiness(business_id, async ({ trx }) => {
    const turns = await trx("call_turns").where({ call_sid }).orderBy("seq").pluck("text");
    const call = await trx("calls").where({ call_sid }).first();
    return { turns, greeting_ms: call.ledger.greeting_ms, end_reason: call.end_reason };
  });
}

test("turns and ledgers of several calls are stored together, each with its own call", async () => {
  const recorders = await calls(5);
  for (const [n, recorder] of recorders.entries()) {
    recorder.turn(turn(1, `${n} one`));
    recorder.turn(turn(2, `${n} two`));
    recorder.ledger(ledger(n));
  }
  await vi.waitFor(async () => expect((await stored(sidOf(4))).turns).toHaveLength(2));
  expect(transactions).toBe(1);
  for (let n = 0; n < 5; n++) {
    const turns = [`${n} one`, `${n} two`];
    expect(await stored(sidOf(n))).toEqual({ turns, greeting_ms: n, end_reason: null });
  }
  const events = await real.inBusiness(business_id, ({ trx }) => {
    return trx("events").where("name", "call").pluck("ref");
  });
  const named = events.map((ref: { call_sid: string }) => ref.call_sid);
  expect(new Set(named)).toEqual(new Set(recorders.map((_, n) => sidOf(n))));
});

test("the end of a call is written at once, with what was waiting", async () => {
  const [recorder] = await calls(1);
  recorder!.turn(turn(1, "last words"));
  await recorder!.ended("caller_hung_up", ledger(7));
  expect(await stored(sidOf(0))).toEqual({
    ...{ turns: ["last words"], greeting_ms: 7, end_reason: "caller_hung_up" },
  });
});

test("what a batch has in hand does not come after what is newer", async () => {
  const [recorder] = await calls(1);
  const { promise, resolve } = Promise.withResolvers<void>();
  gate = promise;
  recorder!.turn(turn(1, "half"));
  recorder!.ledger(ledger(1));
  await vi.waitFor(() => expect(transactions).toBe(1));
  recorder!.turn(turn(1, "half and half"));
  const ended = recorder!.ended("agent_ended", ledger(2));
  await new Promise((done) => setTimeout(done, 100));
  expect(transactions).toBe(1);
  resolve();
  await ended;
  expect(await stored(sidOf(0))).toEqual({
    ...{ turns: ["half and half"], greeting_ms: 2, end_reason: "agent_ended" },
  });
});

test("one call's record that can't be stored keeps no other's from it", async () => {
  const [broken, fine] = await calls(2);
  broken!.turn({ ...turn(1, "x"), started_at: "not a time" });
  fine!.turn(turn(1, "stored"));
  await vi.waitFor(async () => expect((await stored(sidOf(1))).turns).toEqual(["stored"]));
  broken!.turn(turn(1, "mended"));
  await broken!.settled();
  expect((await stored(sidOf(0))).turns).toEqual(["mended"]);
});

test("nothing is written before the call's row is there, and all of it then", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const [recorder] = await calls(1, promise);
  recorder!.turn(turn(1, "early"));
  recorder!.ledger(ledger(3));
  await new Promise((done) => setTimeout(done, 400));
  expect(transactions).toBe(0);
  resolve();
  await recorder!.settled();
  expect(await stored(sidOf(0))).toMatchObject({ turns: ["early"], greeting_ms: 3 });
});
