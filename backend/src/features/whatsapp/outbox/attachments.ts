import type { GatewaySendType } from "@agentlocator/contract";
import type { z } from "zod";
import type { BusinessTx } from "../../../db/database.ts";
import { notFound, problem } from "../../../http/problem.ts";

/** Stored media that a message can carry. */
export interface Attachment {
  id: number;
  /** null: uploaded, and not sent yet */
  message_id: number | null;
  content_type: string;
  file_name: string | null;
}

const OURS = /^\/api\/media\/(\d{1,10})$/;

/** The id in `/api/media/{id}`; null for another address. */
export function mediaIdOf(media_url: string): number | null {
  const [, id] = OURS.exec(media_url) ?? [];
  return id === undefined || Number(id) > 2_147_483_647 ? null : Number(id);
}

/** @throws 404 for media that the business has not, 409 while it is still being fetched */
export async function requireAttachment(tx: BusinessTx, media_url: string): Promise<Attachment> {
  const id = mediaIdOf(media_url);
  const found =
    id !== null &&
    (await tx
      .trx("media")
      .where({ id })
      .first("id", "message_id", "content_type", "file_name", "storage_path"));
  if (!found) throw notFound("This media");
  if (found.storage_path === null || found.content_type === null) {
    throw problem(409, "media_not_ready", "This media has not been fetched.");
  }
  return found;
}

/**
 * Makes the media a message's; what is another message's already is shared with it.
 * @returns the message's `media_url`
 */
export async function attach(
  tx: BusinessTx,
  { id, message_id: owner }: Attachment,
  message_id: number,
): Promise<string> {
  const { trx } = tx;
  let media_id = id;
  if (owner === null) await trx("media").where({ id }).update({ message_id });
  else {
    const shared = trx("media")
      .where({ id })
      .select("business_id", trx.raw("? as message_id", [message_id]), ...SHARED);
    const copy = trx(trx.raw("media (business_id, message_id, ??)", [SHARED])).insert(shared);
    [{ id: media_id }] = await copy.returning("id");
  }
  const media_url = `/api/media/${media_id}`;
  await trx("messages").where("id", message_id).update({ media_url });
  return media_url;
}

const SHARED = [
  "source",
  "source_ref",
  "claimed_type",
  "file_name",
  "seconds",
  "voice",
  "storage_path",
  "content_type",
  "size",
  "sha256",
];

const IMAGES = new Set(["image/jpeg", "image/png", "image/webp"]);
const VIDEOS = new Set(["video/mp4", "video/3gpp"]);

/** How WhatsApp shows it; what it does not know to show is a document. */
export function kindOf(content_type: string): Exclude<z.infer<typeof GatewaySendType>, "text"> {
  if (IMAGES.has(content_type)) return "image";
  if (VIDEOS.has(content_type)) return "video";
  return content_type.startsWith("audio/") ? "audio" : "document";
}
