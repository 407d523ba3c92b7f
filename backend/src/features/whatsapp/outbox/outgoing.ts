import type { BusinessTx } from "../../../db/database.ts";
import { kindOf, mediaIdOf } from "./attachments.ts";
import type { Outgoing } from "./carrier.ts";
import type { Provider } from "./policy.ts";
import { gatewayKey, type OutboxRow } from "./store.ts";

export interface OutgoingDeps {
  /** The numbers that Twilio sends messages of this thread from, the one to be used now first. */
  twilioSenders: (tx: BusinessTx, thread_id: number) => Promise<string[]>;
  /** Where a provider fetches the media, for a while. */
  linkToMedia: (business_id: number, media_id: number) => string;
}

/** The message as a provider gets it. */
export async function outgoing(
  tx: BusinessTx,
  row: OutboxRow,
  provider: Provider,
  deps: OutgoingDeps,
): Promise<Outgoing> {
  const settings = await tx
    .trx("settings")
    .where("business_id", tx.business_id)
    .first<{ whatsapp_write_first: boolean }>("whatsapp_write_first");
  return {
    business_id: tx.business_id,
    message_id: row.message_id,
    key: gatewayKey(row),
    to: row.peer_number,
    text: row.text,
    media: await media(tx, row, deps),
    template: row.template,
    reply_to: await repliedTo(tx, row, provider),
    senders: await deps.twilioSenders(tx, row.thread_id),
    may_write_first: settings.whatsapp_write_first,
    attempt_at: row.attempt_at === null ? 0 : Date.parse(row.attempt_at),
    provider_msg_id: row.provider_msg_id,
  };
}

async function media(tx: BusinessTx, row: OutboxRow, deps: OutgoingDeps) {
  const id = row.media_url && mediaIdOf(row.media_url);
  if (!id) return null;
  const found = await tx.trx("media").where({ id }).first("content_type", "file_name");
  if (!found) return null;
  return {
    url: deps.linkToMedia(tx.business_id, id),
    type: kindOf(found.content_type),
    file_name: found.file_name,
  };
}

/** A provider knows only the messages that it carried itself. */
async function repliedTo(tx: BusinessTx, { reply_to_id }: OutboxRow, provider: Provider) {
  if (reply_to_id === null) return null;
  const found = await tx
    .trx("messages")
    .where({ id: reply_to_id, provider })
    .first("provider_msg_id");
  return found?.provider_msg_id ?? null;
}
