import type { BusinessTx } from "../../../db/database.ts";
import type { Logger } from "../../../platform/log.ts";
import { storeReceipt } from "../inbound/receipts.ts";
import type { Outcome, Standing } from "./carrier.ts";
import {
  isStale,
  askAgainAfter,
  FORGET_MS,
  IN_DOUBT_MS,
  retryAfter,
  UNACKNOWLEDGED_MS,
} from "./limits.ts";
import type { Step } from "./next-step.ts";
import { findRow, save, type OutboxRow } from "./store.ts";
import { accept, fail, hold, requeue, settle } from "./transitions.ts";

interface Deps {
  now: number;
  log: Logger;
}

/** Writes down what the provider answered, unless somebody else has moved the message since. */
export async function record(
  tx: BusinessTx,
  { kind, row: asked, provider }: Step,
  answer: Outcome | Standing,
  deps: Deps,
): Promise<void> {
  const row = await findRow(tx, asked.message_id);
  const { business_id: biz } = tx;
  const moved = row?.attempts !== asked.attempts || row.state !== asked.state;
  if (!row || moved) {
    const fields = { biz, message_id: asked.message_id, provider, answer: answer.kind };
    deps.log.error(fields, "[WA-ERROR] an answer came for a message that had moved on");
    return;
  }
  const why = "why" in answer ? answer.why : undefined;
  const fields = { biz, message_id: row.message_id, provider, reason: row.route_reason, why };
  deps.log.info({ ...fields, answer: answer.kind }, `[WA-OUTGOING] ${kind}`);
  if (kind === "standing") await recordStanding(tx, row, answer as Standing, deps);
  else await recordOutcome(tx, row, kind, answer as Outcome, deps);
}

async function recordOutcome(
  tx: BusinessTx,
  row: OutboxRow,
  kind: "send" | "withdraw",
  outcome: Outcome,
  { now, log }: Deps,
): Promise<void> {
  const { insisted } = row;
  // A person gave up on it while it was in doubt.
  const discarded = row.status === "failed";
  switch (outcome.kind) {
    case "accepted":
      if (kind === "withdraw" && insisted && !outcome.sure) {
        return requeue(tx, row, now, { generation: row.generation + 1 });
      }
      return accept(tx, row, outcome.provider_msg_id, { now, log });
    case "not_taken": {
      if (discarded) return settle(tx, row, log);
      if (!outcome.down && isStale(row, now)) return fail(tx, row, "gave_up", log);
      const generation = row.generation + (outcome.burnt ? 1 : 0);
      const window_refused = row.window_refused || outcome.window_closed === true;
      const at_once = outcome.down || outcome.window_closed || kind === "withdraw";
      const when = at_once ? now : now + retryAfter(row.attempts);
      return requeue(tx, row, when, { generation, window_refused });
    }
    case "refused":
      return discarded ? settle(tx, row, log) : fail(tx, row, { error: outcome.error }, log);
    case "unknown":
      if (kind === "withdraw" && insisted) return requeue(tx, row, now);
      // The gateway says at once what it took, if it says anything.
      if (kind === "send" && row.provider === "baileys") return;
      return doubt(tx, row, outcome.why, IN_DOUBT_MS, { now, log });
  }
}

async function recordStanding(
  tx: BusinessTx,
  row: OutboxRow,
  standing: Standing,
  { now, log }: Deps,
): Promise<void> {
  const { provider, provider_msg_id } = row;
  const at_once = new Date(now).toISOString();
  switch (standing.kind) {
    case "told":
    case "failed": {
      const status = standing.kind === "told" ? standing.status : "failed";
      const error = standing.kind === "failed" ? standing.error : null;
      const receipt = { provider, provider_msg_id: provider_msg_id!, status, error } as const;
      await save(tx, row, { next_at: at_once });
      return storeReceipt(tx, receipt);
    }
    case "pending":
      return doubt(tx, row, "", FORGET_MS, { now, log });
    case "stuck":
      return save(tx, row, { state: "trying", next_at: at_once });
    case "unknown":
      return doubt(tx, row, standing.why, UNACKNOWLEDGED_MS, { now, log });
  }
}

/** Asks again later; after `patience_ms` the message is held, after a day nobody asks any more. */
async function doubt(
  tx: BusinessTx,
  row: OutboxRow,
  why: string,
  patience_ms: number,
  { now, log }: Deps,
): Promise<void> {
  const age = now - Date.parse(row.attempt_at ?? row.queued_at);
  const over = age > FORGET_MS;
  const next_at = over ? null : new Date(now + askAgainAfter(age)).toISOString();
  await save(tx, row, { next_at });
  if (age >= patience_ms && row.status === "queued") await hold(tx, row, why, log);
}
