import type { BusinessTx } from "../../../db/database.ts";
import { askAgent } from "../../conversations/index.ts";

export interface NewMedia {
  source: "twilio" | "gateway";
  /** Twilio's address, or the gateway's reference. */
  source_ref: string;
  claimed_type: string;
  file_name: string | null;
  seconds: number | null;
  voice: boolean;
}

export interface MediaRow extends NewMedia {
  id: number;
  message_id: number;
  storage_path: string | null;
  content_type: string | null;
  size: number | null;
  sha256: string | null;
  error: string | null;
  created_at: string;
}

/** Notes media of a message and has its bytes fetched. */
export async function addMedia(tx: BusinessTx, message_id: number, media: NewMedia) {
  const row = { ...media, business_id: tx.business_id, message_id };
  const [made] = await tx.trx("media").insert(row).returning<{ id: number }[]>("id");
  await tx.enqueue("whatsapp.media", { media_id: made!.id }, { key: `media:${made!.id}` });
}

export async function findMedia(tx: BusinessTx, id: number): Promise<MediaRow | null> {
  return (await tx.trx<MediaRow>("media").where({ id }).first()) ?? null;
}

/** Of several messages; what is neither stored nor has an error is still on its way. */
export function mediaOfMessages(tx: BusinessTx, message_ids: number[]): Promise<MediaRow[]> {
  return tx.trx("media").whereIn("message_id", message_ids).orderBy("id");
}

type Kept = Pick<MediaRow, "storage_path" | "content_type" | "size" | "sha256">;

/** The bytes are there: the message shows them, and the agent looks at a customer's. */
export async function markStored(tx: BusinessTx, media: MediaRow, kept: Kept): Promise<void> {
  await tx.trx("media").where("id", media.id).update(kept);
  await tellMessage(tx, media.message_id, { media_url: `/api/media/${media.id}` });
}

/** The bytes can't be had: the message says why. */
export async function markFailed(tx: BusinessTx, media: MediaRow, error: string): Promise<void> {
  await tx.trx("media").where("id", media.id).update({ error });
  await tellMessage(tx, media.message_id, { error });
}

async function tellMessage(
  tx: BusinessTx,
  id: number,
  change: { media_url: string } | { error: string },
): Promise<void> {
  const [message] = await tx
    .trx("messages")
    .where({ id })
    .update(change)
    .returning<{ thread_id: number; direction: string }[]>(["thread_id", "direction"]);
  if (!message) return;
  const { thread_id, direction } = message;
  tx.emit("message", { id, thread_id });
  if (direction === "in") await askAgent(tx, thread_id);
}
