import type { Turn } from "@agentlocator/contract";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { BusinessTx, Database } from "../../db/database.ts";
import { createLog } from "../../platform/log.ts";
import { createRecordBatch } from "./record-batch.ts";
import type { BatchedCall } from "./record-batch.ts";
import type { CallRecord } from "./store.ts";

vi.mock("./store.ts", () => ({ saveRecords: (tx: FakeTx, records: CallRecord[]) => tx(records) }));

type FakeTx = (records: CallRecord[]) => Promise<void>;

const log = createLog("silent");
const turn = (seq: number): Turn => ({
  ...{ seq, role: "agent", text: "שלום", heard_text: null, interrupted: false },
  started_at: "2026-11-20T12:00:00Z",
});

/** What each transaction got, as `business: call/turn …`; `save` can be made to fail or to wait. */
function bench() {
  const transactions: string[] = [];
  const world = { save: async () => {} };
  const db = {
    inBusiness: (business_id: number, run: (tx: BusinessTx) => Promise<void>) =>
      run((async (records: CallRecord[]) => {
        const all = records.flatMap(({ call_sid, turns }) => {
          return turns.map(({ seq }) => `${call_sid}/${seq}`);
        });
        transactions.push(`${business_id}: ${all.join(" ")}`);
        await world.save();
      }) as unknown as BusinessTx),
  } as Database;
  const batch = createRecordBatch({ db, log });

  function call(call_sid: string, business_id = 1) {
    let turns: Turn[] = [];
    const back: CallRecord[] = [];
    const batched: BatchedCall = {
      take: () => ({ call_sid, turns: turns.splice(0) }),
      giveBack: (record) => void back.push(record),
    };
    return {
      back,
      says(seq: number) {
        turns.push(turn(seq));
        batch.add(business_id, batched);
      },
      /** It has been written in another way meanwhile. */
      forget: () => (turns = []),
    };
  }
  return { transactions, world, call };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("what happens in the calls of a business within a moment is one transaction", async () => {
  const { transactions, call } = bench();
  const [first, second, other] = [call("A"), call("B"), call("C", 2)];
  first.says(1);
  second.says(1);
  await vi.advanceTimersByTimeAsync(200);
  first.says(2);
  other.says(1);
  expect(transactions).toEqual([]);
  await vi.advanceTimersByTimeAsync(250);
  expect(transactions).toEqual(["1: A/1 A/2 B/1", "2: C/1"]);
  first.says(3);
  await vi.advanceTimersByTimeAsync(250);
  expect(transactions).toHaveLength(3);
});

test("a batch that fails gives each call back what is its own", async () => {
  const { world, call } = bench();
  const [first, second] = [call("A"), call("B")];
  world.save = () => Promise.reject(new Error("away"));
  first.says(1);
  second.says(7);
  await vi.advanceTimersByTimeAsync(250);
  expect(first.back).toEqual([{ call_sid: "A", turns: [turn(1)] }]);
  expect(second.back).toEqual([{ call_sid: "B", turns: [turn(7)] }]);
});

test("one batch follows the other, however long that takes", async () => {
  const { transactions, world, call } = bench();
  const slow = Promise.withResolvers<void>();
  world.save = () => slow.promise;
  const first = call("A");
  first.says(1);
  await vi.advanceTimersByTimeAsync(250);
  first.says(2);
  await vi.advanceTimersByTimeAsync(1000);
  expect(transactions).toEqual(["1: A/1"]);
  slow.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(transactions).toEqual(["1: A/1", "1: A/2"]);
});

test("a call that has nothing left makes no transaction", async () => {
  const { transactions, call } = bench();
  const first = call("A");
  first.says(1);
  first.forget();
  await vi.advanceTimersByTimeAsync(250);
  expect(transactions).toEqual([]);
});
