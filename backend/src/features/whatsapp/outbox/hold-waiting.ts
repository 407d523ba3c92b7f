import type { BusinessTx } from "../../../db/database.ts";
import type { Logger } from "../../../platform/log.ts";
import { rowsOf, save } from "./store.ts";
import { hold } from "./transitions.ts";

/**
 * Holds what was on its way when a backup was made that has been restored: it may have been sent
 * since, so a person decides.
 * @returns how many messages
 */
export async function holdWaiting(tx: BusinessTx, log: Logger): Promise<number> {
  const waiting = await rowsOf(tx)
    .whereIn("o.state", ["waiting", "trying"])
    .where("m.status", "queued")
    .orderBy("o.message_id")
    .forUpdate("o");
  for (const row of waiting) {
    await save(tx, row, { state: "trying", next_at: null, insisted: false });
    await hold(tx, row, "restored from a backup; it may have been sent since", log);
  }
  return waiting.length;
}
