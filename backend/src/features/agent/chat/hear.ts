import { callerSaid, type Remark } from "../caller-said.ts";
import type { CustomerTurn } from "../pending-slot.ts";
import type { ToolContext } from "../tool.ts";
import type { Chat } from "./chat.ts";
import type { ChatDeps } from "./ports.ts";

/**
 * The customer's unanswered words as one turn. A time that the answer at hand has put on the table
 * has not been seen by the customer: then nothing they wrote is an answer to it.
 */
export function turnOf({ unanswered, unseen_proposal }: Chat, now: number): CustomerTurn {
  const text = unanswered.map(({ text }) => text ?? "").join("\n");
  return { text, began_at: new Date(unseen_proposal ? 0 : now) };
}

/**
 * Does what the customer's words do to the pending slot by themselves, for each message once: a
 * clear confirmation books it whatever the model does. What came of it is kept on the message, in
 * the same transaction.
 */
export async function hear(deps: ChatDeps, ctx: ToolContext, chat: Chat): Promise<void> {
  const fresh = chat.unanswered.filter(({ agent_remark }) => agent_remark === null);
  const last = fresh.at(-1);
  if (!last) return;
  const turn = turnOf({ ...chat, unanswered: fresh }, deps.clock.now());
  await callerSaid(ctx, turn, async (tx, _pending, remark) => {
    const ids = fresh.map(({ id }) => id);
    const keep = (id: number[], value: Remark) =>
      tx
        .trx("messages")
        .whereIn("id", id)
        .update({ agent_remark: JSON.stringify(value) });
    await keep(ids, {});
    if (remark) await keep([last.id], remark);
  });
}
