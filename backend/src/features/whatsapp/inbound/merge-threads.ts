import type { BusinessTx } from "../../../db/database.ts";
import { askAgent } from "../../conversations/index.ts";
import { lookAtThread } from "../outbox/queue.ts";

/** Every table with a thread in it. */
export const TABLES_WITH_THREAD = ["messages", "calls", "appointments", "tasks", "tool_calls"];

const SUM = `
  select sum(unread_count)::int as unread_count, max(last_message_at) as last_message_at,
    max(last_inbound_at) as last_inbound_at, max(ai_paused_until) as ai_paused_until,
    max(assigned_to) as assigned_to,
    min(answer_failing_since) as answer_failing_since, min(created_at) as created_at,
    case when bool_or(status = 'open') then 'open' else 'closed' end as status,
    (array_agg(pending_slot order by last_message_at desc nulls last)
      filter (where pending_slot is not null))[1] as pending_slot,
    (array_agg(provider order by last_inbound_at desc nulls last))[1] as provider
  from threads where id = any(?::int[])`;

/** Makes one thread of several that are locked: all that is in them is in the first. */
export async function mergeThreads(tx: BusinessTx, ids: number[]): Promise<void> {
  const [into, ...from] = ids;
  if (into === undefined || from.length === 0) return;
  const { trx } = tx;
  const [sum] = (await trx.raw(SUM, [ids])).rows;
  for (const table of TABLES_WITH_THREAD) {
    await trx(table).whereIn("thread_id", from).update({ thread_id: into });
  }
  await trx("threads").whereIn("id", from).delete();
  await trx("threads")
    .where("id", into)
    .update({
      ...sum,
      pending_slot: sum.pending_slot && JSON.stringify(sum.pending_slot),
    });
  for (const id of ids) tx.emit("thread", { id });
  const waiting = { thread_id: into, direction: "in", handled_at: null };
  if (await trx("messages").where(waiting).first("id")) await askAgent(tx, into);
  await lookAtThread(tx, into);
}
