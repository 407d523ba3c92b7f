import type { BusinessTx } from "../../../db/database.ts";
import type { Channel } from "./channel-state.ts";

/** What is known of the business's channel. */
export const findChannel = (tx: BusinessTx): Promise<Channel | undefined> =>
  tx.trx<Channel>("whatsapp_channels").where("business_id", tx.business_id).first();

/** The channel, kept from everybody else until the transaction ends; made when it is not there. */
export async function lockChannel(tx: BusinessTx, now: Date): Promise<Channel> {
  const { business_id, trx } = tx;
  // Older than anything: whatever is told first is news.
  const unknown = { business_id, watched_at: now, updated_at: new Date(0) };
  await trx("whatsapp_channels").insert(unknown).onConflict("business_id").ignore();
  const [channel] = await trx<Channel>("whatsapp_channels").where({ business_id }).forUpdate();
  return channel!;
}

export async function saveChannel(tx: BusinessTx, channel: Channel): Promise<void> {
  await tx.trx("whatsapp_channels").where("business_id", tx.business_id).update(channel);
}
