import type { BusinessTx } from "../../../db/database.ts";
import type { Provider, Receipt } from "./inbound-message.ts";
import { lockMessage } from "./message-lock.ts";
import { storableText } from "./storable.ts";

/**
 * What is known of a message only grows, in this order, so that it does not matter in which order
 * the receipts come. A phone that has a message outweighs a failure that was told of it.
 */
const ORDER = ["queued", "held", "sent", "failed", "delivered", "read"];
const rank = (column: string) => `array_position(array['${ORDER.join("','")}'], ${column})`;

/** Applies a receipt. One for a message that is not known yet is kept until it is. */
export async function storeReceipt(tx: BusinessTx, receipt: Receipt): Promise<void> {
  const { provider, provider_msg_id, status } = receipt;
  await lockMessage(tx, provider, provider_msg_id);
  const error = status === "failed" && receipt.error ? storableText(receipt.error) : null;
  if (await applyReceipt(tx, { ...receipt, error })) return;
  const row = { business_id: tx.business_id, provider, provider_msg_id, status, error };
  await tx
    .trx("early_receipts")
    .insert(row)
    .onConflict(["business_id", "provider", "provider_msg_id"])
    .merge(["status", "error"])
    .whereRaw(`${rank("early_receipts.status")} < ${rank("excluded.status")}`);
}

/** False when there is no message of ours with that id. */
async function applyReceipt(tx: BusinessTx, receipt: Receipt): Promise<boolean> {
  const { provider, provider_msg_id, status, error } = receipt;
  const ours = () => tx.trx("messages").where({ provider, provider_msg_id });
  const [changed] = await ours()
    .where("direction", "out")
    .whereRaw(`${rank("status")} < ${rank("?")}`, [status])
    .update({ status, error })
    .returning(["id", "thread_id"]);
  if (!changed) return (await ours().first("id")) !== undefined;
  tx.emit("message", { id: changed.id, thread_id: changed.thread_id });
  tx.emit("thread", { id: changed.thread_id });
  return true;
}

/**
 * Tells a message of ours by which id its provider knows it, and applies what was told about that
 * id before. The message's row must not be locked by this transaction yet.
 * @throws a unique violation when another message has that id
 */
export async function identifyMessage(
  tx: BusinessTx,
  message_id: number,
  provider: Provider,
  provider_msg_id: string,
): Promise<void> {
  await lockMessage(tx, provider, provider_msg_id);
  await tx.trx("messages").where("id", message_id).update({ provider, provider_msg_id });
  await applyEarly(tx, provider, provider_msg_id);
}

/** Applies what was told about a message before it was here. The caller holds `lockMessage`. */
export async function applyEarly(
  tx: BusinessTx,
  provider: Provider,
  provider_msg_id: string,
): Promise<void> {
  const [early] = await tx
    .trx("early_receipts")
    .where({ provider, provider_msg_id })
    .delete()
    .returning("*");
  if (early) await applyReceipt(tx, early);
}
