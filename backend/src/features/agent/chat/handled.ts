import type { BusinessTx } from "../../../db/database.ts";
import { resolveNotification } from "../../notifications/index.ts";

/** Names what the business is told about messages that wait; the first of them tells them apart. */
export const waitingKey = (thread_id: number, messages: readonly { id: number }[]): string =>
  `unanswered:${thread_id}:${messages[0]?.id}`;

/** These messages need the agent no more: it has not failed, and what its bell rang for is over. */
export async function markHandled(
  tx: BusinessTx,
  thread_id: number,
  messages: readonly { id: number }[],
): Promise<void> {
  const ids = messages.map(({ id }) => id);
  await tx.trx("messages").whereIn("id", ids).update({ handled_at: tx.trx.fn.now() });
  await tx.trx("threads").where("id", thread_id).update({ answer_failing_since: null });
  await resolveNotification(tx, waitingKey(thread_id, messages), new Date());
}

/** What people of the business have written to the customer. */
export function repliesOf(tx: BusinessTx, thread_id: number) {
  return tx
    .trx("messages")
    .where({ thread_id, direction: "out", author: "user", deleted_at: null })
    .whereNot("status", "failed");
}

/** A person's reply answers whatever came before it. */
export async function leaveToPeople(tx: BusinessTx, thread_id: number): Promise<void> {
  const answered = await tx
    .trx("messages")
    .where({ thread_id, direction: "in", handled_at: null })
    .where("id", "<", repliesOf(tx, thread_id).max("id"))
    .orderBy(["created_at", "id"])
    .select<{ id: number }[]>("id");
  if (answered.length > 0) await markHandled(tx, thread_id, answered);
}
