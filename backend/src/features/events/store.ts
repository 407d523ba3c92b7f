import type { EventName, EventRef } from "@agentlocator/contract";
import type { BusinessTx, SystemTx } from "../../db/database.ts";

export interface StoredEvent {
  id: number;
  name: EventName;
  ref: EventRef;
}

const KEEP_DAYS = 7;

/** The newest event's id of this business; 0 when there is none. */
export async function lastEventId(tx: BusinessTx): Promise<number> {
  const row = await tx.trx("events").max("id as id").first();
  return Number(row?.id ?? 0);
}

/**
 * The events after `cursor`, oldest first. `gap` says that they are too many, or that some of them
 * may have been removed: the reader must fetch everything anew and go on from `last`.
 */
export async function eventsSince(
  tx: BusinessTx,
  cursor: number,
  limit: number,
): Promise<{ events: StoredEvent[]; gap: boolean; last: number }> {
  const events = await tx
    .trx<StoredEvent>("events")
    .select("id", "name", "ref")
    .where("id", ">", cursor)
    .orderBy("id")
    .limit(limit + 1);
  const last = await lastEventId(tx);
  const known =
    cursor === 0 || cursor === last || (await tx.trx("events").where("id", cursor).first("id"));
  return { events, gap: events.length > limit || !known, last };
}

/** Removes events that no browser will ask for any more. */
export async function pruneEvents(tx: SystemTx): Promise<void> {
  await tx
    .trx("events")
    .where("created_at", "<", tx.trx.raw(`now() - interval '${KEEP_DAYS} days'`))
    .delete();
}
