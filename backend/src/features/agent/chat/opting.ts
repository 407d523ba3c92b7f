import type { BusinessTx } from "../../../db/database.ts";
import type { Logger } from "../../../platform/log.ts";
import { sendAnswer } from "./answers.ts";
import type { Chat } from "./chat.ts";
import { markHandled } from "./handled.ts";
import type { ChatDeps } from "./ports.ts";
import { textsIn } from "./texts.ts";
import { leaveTask, nameOf, quote } from "./trouble.ts";

/**
 * The customer is left alone from now on, and told so once. The time is the transaction's, as the
 * confirmation's is: what was written later is not sent any more.
 */
export async function optOut(
  deps: Pick<ChatDeps, "queueMessage">,
  tx: BusinessTx,
  chat: Chat,
  log: Logger,
): Promise<void> {
  const { thread, contact, unanswered, settings } = chat;
  if (contact.opted_out_at !== null) return markHandled(tx, thread.id, unanswered);
  await setOptedOut(tx, chat, tx.trx.fn.now());
  await tx.trx("threads").where("id", thread.id).update({ pending_slot: null });
  log.info("[WA-INCOMING] the customer opted out");
  await sendAnswer(deps, tx, chat, unanswered, textsIn(settings.language).opted_out);
}

export async function optIn(
  deps: Pick<ChatDeps, "queueMessage">,
  tx: BusinessTx,
  chat: Chat,
  log: Logger,
): Promise<void> {
  await setOptedOut(tx, chat, null);
  log.info("[WA-INCOMING] the customer opted in again");
  await sendAnswer(deps, tx, chat, chat.unanswered, textsIn(chat.settings.language).opted_in);
}

/** Who opted out gets no answer of the agent's; that they wrote all the same is a person's matter. */
export async function leaveOptedOut(tx: BusinessTx, chat: Chat): Promise<void> {
  const texts = textsIn(chat.settings.language);
  await leaveTask(tx, chat, {
    title: texts.wrote_after_opt_out(nameOf(chat)),
    body: [quote(chat), texts.wrote_after_opt_out_body].filter(Boolean).join("\n\n"),
    dedupe_key: `opted_out:${chat.thread.contact_id}:${chat.contact.opted_out_at}`,
  });
}

async function setOptedOut(tx: BusinessTx, { thread }: Chat, opted_out_at: unknown) {
  if (thread.contact_id === null) return;
  await tx.trx("contacts").where("id", thread.contact_id).update({ opted_out_at });
}
