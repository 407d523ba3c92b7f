import { createHash } from "node:crypto";
import type { Database } from "../../../db/database.ts";
import { problem } from "../../../http/problem.ts";
import type { MediaStore } from "./media-store.ts";
import { extensionOf, sniff } from "./sniff.ts";

/** What both providers carry. */
export const LARGEST_UPLOAD = 16 * 1024 * 1024;

/**
 * Keeps bytes that a message is going to carry; the media's id.
 * @throws the 400 problem when there are none
 */
export type KeepUpload = (
  business_id: number,
  bytes: Buffer,
  said: { claimed_type: string; file_name: string },
) => Promise<number>;

export function createKeepUpload({ db, store }: { db: Database; store: MediaStore }): KeepUpload {
  return async (business_id, bytes, { claimed_type, file_name }) => {
    if (bytes.length === 0) throw problem(400, "media_empty", "There are no bytes in this media.");
    const content_type = sniff(bytes, claimed_type);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return db.inBusiness(business_id, async ({ trx }) => {
      const said = { source: "upload", source_ref: "", claimed_type, file_name: file_name || null };
      const [{ id }] = await trx("media")
        .insert({ business_id, ...said })
        .returning("id");
      const name = `${id}.${extensionOf(content_type)}`;
      const storage_path = await store.save(business_id, name, bytes);
      const kept = { storage_path, content_type, size: bytes.length, sha256 };
      await trx("media").where({ id }).update(kept);
      return id;
    });
  };
}
