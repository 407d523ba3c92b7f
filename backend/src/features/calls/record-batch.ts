import type { Database } from "../../db/database.ts";
import type { Logger } from "../../platform/log.ts";
import { saveRecords } from "./store.ts";
import type { CallRecord } from "./store.ts";

/** What happens in calls is gathered for this long. */
const GATHER_MS = 250;

/** A call that has something to be written. */
export interface BatchedCall {
  /** Takes what is pending for the batch to write; it settles with `written`. */
  take(written: Promise<void>): CallRecord;
  /** It could not be written together with others: the call gets it back, to write it alone. */
  giveBack(record: CallRecord): void;
}

/** Writes together what happens in calls of one business. */
export interface RecordBatch {
  /** Sees to it that the call is asked a moment later for what it has. */
  add(business_id: number, call: BatchedCall): void;
}

/**
 * However many calls a business has, their records take a few transactions a second: one for each
 * record would cost more than carrying the audio does. Batches of a business come one after the
 * other, so what is written later is newer.
 */
export function createRecordBatch({ db, log }: { db: Database; log: Logger }): RecordBatch {
  const gathering = new Map<number, Set<BatchedCall>>();
  const writing = new Map<number, Promise<void>>();

  async function write(business_id: number, calls: Set<BatchedCall>): Promise<void> {
    const { promise: written, resolve } = Promise.withResolvers<void>();
    const taken = [...calls].map((call) => ({ call, record: call.take(written) }));
    const some = taken.filter(({ record }) => record.turns.length > 0 || record.ledger);
    const records = some.map(({ record }) => record);
    try {
      if (some.length > 0) await db.inBusiness(business_id, (tx) => saveRecords(tx, records));
    } catch (error) {
      log.warn({ err: error, biz: business_id }, "[DB] records of calls are written one by one");
      for (const { call, record } of some) call.giveBack(record);
    } finally {
      resolve();
    }
  }

  async function gather(business_id: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    await writing.get(business_id);
    const calls = gathering.get(business_id)!;
    gathering.delete(business_id);
    const done = write(business_id, calls);
    writing.set(business_id, done);
    await done;
    if (writing.get(business_id) === done) writing.delete(business_id);
  }

  return {
    add(business_id, call) {
      const calls = gathering.get(business_id);
      if (calls) return void calls.add(call);
      gathering.set(business_id, new Set([call]));
      void gather(business_id);
    },
  };
}
