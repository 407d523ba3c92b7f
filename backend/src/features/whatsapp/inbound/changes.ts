import type { BusinessTx } from "../../../db/database.ts";
import type { InboundMessage, Provider } from "./inbound-message.ts";
import { lockMessage } from "./message-lock.ts";
import { storableText } from "./storable.ts";

const KINDS = ["reaction", "edit", "delete"] as const;

interface Change {
  kind: (typeof KINDS)[number];
  by_customer: boolean;
  text: string | null;
  occurred_at: string;
}

/** A message that is about another one, and is none itself. */
export type ChangeMessage = InboundMessage & { type: Change["kind"]; target: string };

export function isChange(message: InboundMessage): message is ChangeMessage {
  return message.target !== null && KINDS.some((kind) => kind === message.type);
}

/**
 * Keeps a reaction, an edit or a delete, and brings the message that it is about up to date if that
 * is here already. The same one again changes nothing.
 */
export async function storeChange(tx: BusinessTx, message: ChangeMessage, at: Date): Promise<void> {
  const { provider, target, text } = message;
  await lockMessage(tx, provider, target);
  await tx
    .trx("message_changes")
    .insert({
      business_id: tx.business_id,
      provider,
      provider_msg_id: message.provider_msg_id,
      target_msg_id: target,
      kind: message.type,
      by_customer: !message.from_me,
      text: text === null ? null : storableText(text),
      occurred_at: at,
    })
    .onConflict(["business_id", "provider", "provider_msg_id"])
    .ignore();
  await applyChanges(tx, provider, target);
}

/**
 * Has a message show everything that was told about it so far, in the order in which it happened.
 * Only its author may edit or delete it, whoever says so. The caller holds `lockMessage`.
 */
export async function applyChanges(
  tx: BusinessTx,
  provider: Provider,
  provider_msg_id: string,
): Promise<void> {
  const changes: Change[] = await tx
    .trx("message_changes")
    .where({ provider, target_msg_id: provider_msg_id })
    .orderByRaw("occurred_at, id");
  if (changes.length === 0) return;
  const message = await tx
    .trx("messages")
    .where({ provider, provider_msg_id })
    .first("id", "thread_id", "direction");
  if (!message) return;
  const byAuthor = changes.filter(
    ({ by_customer }) => by_customer === (message.direction === "in"),
  );
  const edit = byAuthor.findLast(({ kind, text }) => kind === "edit" && text !== null);
  const deleted = byAuthor.find(({ kind }) => kind === "delete");
  await tx
    .trx("messages")
    .where("id", message.id)
    .update({
      ...(edit && { text: edit.text, edited_at: edit.occurred_at }),
      ...(deleted && { deleted_at: deleted.occurred_at }),
      reactions: JSON.stringify(reactionsOf(changes)),
    });
  tx.emit("message", { id: message.id, thread_id: message.thread_id });
  tx.emit("thread", { id: message.thread_id });
}

/** Each side has at most one reaction to a message: its last, unless that takes it back. */
function reactionsOf(changes: Change[]): { emoji: string; from: string }[] {
  const last = (by_customer: boolean) =>
    changes.findLast((change) => change.kind === "reaction" && change.by_customer === by_customer);
  return [
    { emoji: last(true)?.text ?? "", from: "customer" },
    { emoji: last(false)?.text ?? "", from: "user" },
  ].filter(({ emoji }) => emoji !== "");
}
