import type { BusinessTx } from "../../db/database.ts";

/** Longer than most messages take to leave. */
const SETTLE_MS = 60_000;

/**
 * Has Twilio asked, a minute from now, what became of the call: what it reported of the end and of
 * the recording may have found nobody.
 */
export async function settleLater(tx: BusinessTx, call_sid: string): Promise<void> {
  const run_at = new Date(Date.now() + SETTLE_MS);
  await tx.enqueue("call.settle", { call_sid }, { key: `settle:${call_sid}`, run_at });
}
