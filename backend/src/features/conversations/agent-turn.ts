import { PAUSED_UNTIL_RESUMED } from "@agentlocator/contract";
import type { BusinessTx } from "../../db/database.ts";

/**
 * Has the agent look at a WhatsApp thread, at once or at `run_at`. One look is pending at a time:
 * asking again moves it, so each message of a burst puts the answer off until the burst is over.
 */
export async function askAgent(tx: BusinessTx, thread_id: number, run_at?: Date): Promise<void> {
  const job = { queue: `thread:${thread_id}`, key: `answer:${thread_id}` };
  await tx.enqueue("whatsapp.answer", { thread_id }, { ...job, ...(run_at && { run_at }) });
}

/**
 * A person has taken over the thread: the agent keeps still for the business's
 * `human_pause_minutes`, or until somebody gives the thread back when the setting is 0. A pause
 * that lasts longer already stays. What the agent had proposed is off the table: a «yes» that comes
 * later is meant for the person. What the customer writes meanwhile and nobody answers is looked
 * at when the pause is over.
 */
export async function pauseAgent(
  tx: BusinessTx,
  thread_id: number,
  now: Date = new Date(),
): Promise<void> {
  const { human_pause_minutes: minutes } = await tx
    .trx("settings")
    .where("business_id", tx.business_id)
    .first<{ human_pause_minutes: number }>("human_pause_minutes");
  const until = minutes === 0 ? new Date(PAUSED_UNTIL_RESUMED) : later(now, minutes);
  await tx
    .trx("threads")
    .where("id", thread_id)
    .update({
      ai_paused_until: tx.trx.raw("greatest(ai_paused_until, ?::timestamptz)", [until]),
      pending_slot: null,
    });
  tx.emit("thread", { id: thread_id });
}

const later = (now: Date, minutes: number) => new Date(now.getTime() + minutes * 60_000);
