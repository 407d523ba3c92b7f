import { DateTime } from "luxon";
import type { BusinessTx } from "../../db/database.ts";
import { loadSettings } from "../settings/index.ts";
import { readPending } from "./pending-slot.ts";
import { phrasesOf } from "./phrases.ts";
import type { ToolContext, ToolScope } from "./tool.ts";

/**
 * Opens a conversation for one step of the agent. Its row stays locked until the commit, so a tool
 * call and the customer's own confirmation can't both act on one pending slot. The lock lets
 * messages of the conversation be stored meanwhile.
 */
export async function openScope(tx: BusinessTx, ctx: ToolContext): Promise<ToolScope> {
  const settings = await loadSettings(tx);
  const row = await tx
    .trx("threads")
    .where("id", ctx.thread_id)
    .forNoKeyUpdate()
    .first("id", "contact_id", "pending_slot");
  if (!row) throw new Error(`no thread ${ctx.thread_id} in this business`);
  const now = DateTime.fromMillis(ctx.clock.now(), { zone: settings.timezone });
  return {
    tx,
    settings,
    phrases: phrasesOf(settings.language),
    now,
    thread: { id: row.id, contact_id: row.contact_id },
    channel: ctx.channel,
    call_sid: ctx.call_sid,
    message_id: ctx.message_id ?? null,
    turn: ctx.last_turn,
    pending: readPending(row.pending_slot, now.toJSDate()),
    log: ctx.log.child({ biz: ctx.business_id, thread_id: ctx.thread_id }),
    async setPending(slot) {
      await tx
        .trx("threads")
        .where("id", row.id)
        .update({ pending_slot: slot && JSON.stringify(slot) });
      tx.emit("thread", { id: row.id });
    },
  };
}
