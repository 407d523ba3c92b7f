import type { Turn } from "@agentlocator/contract";
import type { BusinessTx, Database } from "../../db/database.ts";
import type { Logger } from "../../platform/log.ts";
import { sendToFallback, toldByRest } from "./fallback.ts";
import { saveGreeting } from "./greeting-store.ts";
import type { CallMetrics } from "./metrics.ts";
import type { BatchedCall, RecordBatch } from "./record-batch.ts";
import { saveTurns, updateCall } from "./store.ts";
import type { CallRecord, CallUpdate } from "./store.ts";
import type { CallRecorder, EndReason, Ledger } from "./voice/index.ts";
import { WriteBehind } from "./write-behind.ts";

interface Deps {
  db: Database;
  log: Logger;
  batch: RecordBatch;
  metrics: CallMetrics;
  call_sid: string;
  business_id: number;
  started_at: number;
  /** Resolves when the call's row is there; it is retried until it is. */
  opened: Promise<unknown>;
  announceSpeaking(who: "caller" | "agent" | null): void;
  /** Told at once how the call ended, for a webhook that comes before the database has it. */
  onEnded(reason: EndReason): void;
  /** Told when the call's last record is written. */
  onSettled(): void;
}

type Write = (tx: BusinessTx) => Promise<unknown>;

/**
 * Stores what happens in a call as it happens: turns and ledger together with those of other calls,
 * and whatever can't wait, or could not be written so, in a transaction of the call's own; in
 * order, and again until the database takes it.
 */
export function createRecorder(deps: Deps): CallRecorder & { settled(): Promise<void> } {
  const { db, log, call_sid, business_id } = deps;
  const turns = new Map<number, Turn>();
  let update: CallUpdate = {};
  let writes: Write[] = [];
  let opened = false;
  void deps.opened.then(() => (opened = true));
  /** A batch is writing what it took of this call. */
  let in_batch: Promise<void> | null = null;

  const behind = new WriteBehind(log, async () => {
    await deps.opened;
    while (in_batch) await in_batch;
    const taken = { turns: [...turns.values()], update, writes };
    turns.clear();
    update = {};
    writes = [];
    try {
      await db.inBusiness(business_id, async (tx) => {
        await saveTurns(tx, call_sid, taken.turns);
        await updateCall(tx, call_sid, taken.update);
        for (const write of taken.writes) await write(tx);
        if (taken.turns.length > 0) tx.emit("call", { call_sid });
      });
    } catch (error) {
      putBack(taken.turns, taken.update);
      writes = [...taken.writes, ...writes];
      throw error;
    }
  });

  /** Puts back what was taken, under whatever has come since. */
  function putBack(old_turns: readonly Turn[], old_update: CallUpdate): void {
    for (const turn of old_turns) if (!turns.has(turn.seq)) turns.set(turn.seq, turn);
    update = { ...old_update, ...update };
  }

  const batched: BatchedCall = {
    take(written) {
      in_batch = written.then(() => {
        in_batch = null;
      });
      const record: CallRecord = { call_sid, turns: [...turns.values()], ledger: update.ledger };
      turns.clear();
      delete update.ledger;
      return record;
    },
    giveBack({ turns, ledger }) {
      putBack(turns, ledger ? { ledger } : {});
      void behind.request();
    },
  };

  function writeSoon(): void {
    // What is being tried again has to come first.
    if (!opened || behind.busy) void behind.request();
    else deps.batch.add(business_id, batched);
  }

  function end(reason: EndReason, ledger: Ledger): CallUpdate {
    const now = Date.now();
    const served = reason !== "fallback" && reason !== "shutdown";
    return {
      ledger,
      end_reason: reason,
      ended_at: new Date(now).toISOString(),
      duration_seconds: Math.round((now - deps.started_at) / 1000),
      ...(served && { status: "completed" as const }),
    };
  }

  return {
    // The row became active when the stream's token was taken.
    started() {},
    turn(turn) {
      turns.set(turn.seq, turn);
      writeSoon();
    },
    ledger(ledger) {
      update.ledger = ledger;
      writeSoon();
    },
    greeting_recorded(audio, key) {
      writes.push((tx) => saveGreeting(tx, key, audio));
      void behind.request();
    },
    speaking: deps.announceSpeaking,
    failed(kind, detail) {
      log.error({ biz: business_id, call_sid, kind, detail }, `[CALL] can't be served: ${kind}`);
      const redirect = toldByRest(kind);
      writes.push((tx) => sendToFallback(tx, call_sid, kind, { redirect, log }));
      void behind.request();
    },
    ended(reason, ledger) {
      deps.onEnded(reason);
      deps.metrics.callEnded(reason, ledger);
      update = { ...update, ...end(reason, ledger) };
      const written = behind.request();
      void written.then(deps.onSettled);
      return written;
    },
    /** Resolves when everything told until now is written. */
    settled: () => behind.request(),
  };
}
