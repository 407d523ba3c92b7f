import { createHash } from "node:crypto";
import { MediaUpload } from "@agentlocator/contract";
import { z } from "zod";
import type { Database } from "../../../db/database.ts";
import type { JobHandlers } from "../../../db/jobs.ts";
import { problem } from "../../../http/problem.ts";
import { readBytes } from "../../../http/read-bytes.ts";
import { defineRoute, type Route } from "../../../http/route.ts";
import type { MediaStore } from "./media-store.ts";
import { extensionOf, sniff } from "./sniff.ts";

/** What both providers carry. */
export const LARGEST_UPLOAD = 16 * 1024 * 1024;

/** graphile-worker's crontab. */
export const UPLOADS_CRONTAB = "47 3 * * * prune_uploads";

/**
 * Keeps bytes that a message is going to carry.
 * @param said what its sender says of it
 * @throws the 400 problem when there are none
 */
export type KeepUpload = (
  business_id: number,
  bytes: Buffer,
  said: { claimed_type: string; file_name: string },
) => Promise<MediaUpload>;

interface Deps {
  db: Database;
  store: MediaStore;
}

export function createKeepUpload({ db, store }: Deps): KeepUpload {
  return async (business_id, bytes, said) => {
    if (bytes.length === 0) throw problem(400, "media_empty", "There are no bytes in this file.");
    const content_type = sniff(bytes, said.claimed_type);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const size = bytes.length;
    const file_name = said.file_name || null;
    return db.inBusiness(business_id, async ({ trx }) => {
      const { claimed_type } = said;
      const row = { source: "upload", source_ref: "", claimed_type, file_name };
      const [made] = await trx("media")
        .insert({ business_id, ...row })
        .returning<{ id: number }[]>("id");
      const name = `${made!.id}.${extensionOf(content_type)}`;
      const storage_path = await store.save(business_id, name, bytes);
      await trx("media").where(made!).update({ storage_path, content_type, size, sha256 });
      return { media_url: `/api/media/${made!.id}`, content_type, size, file_name };
    });
  };
}

const Said = z.strictObject({
  file_name: z.string().max(200).default(""),
  content_type: z.string().max(200).default(""),
});

/** `POST /api/media`: a person attaches a file to a message that is to be sent. */
export function uploadRoute(keep: KeepUpload): Route {
  return defineRoute({
    id: "uploadMedia",
    method: "post",
    path: "/api/media",
    summary: "Uploads a file of at most 16 MB for a message; what it is, its bytes say",
    access: { business: "threads.write" },
    query: Said,
    takes_file: true,
    response: MediaUpload,
    status: 201,
    rate_limit: { points: 60, seconds: 60 },
    transaction: false,
    handler: async ({ ctx, business_id, query }) => {
      const { file_name, content_type: claimed_type } = query;
      const bytes = await readBytes(ctx, LARGEST_UPLOAD);
      return keep(business_id, bytes, { claimed_type, file_name });
    },
  });
}

/** Removes, each night, what was uploaded and never sent. */
export function uploadJobs({ db, store }: Deps): JobHandlers {
  return {
    async prune_uploads() {
      const paths: (string | null)[] = await db.inSystem(({ trx }) =>
        trx("media")
          .whereNull("message_id")
          .whereRaw("created_at < now() - interval '1 day'")
          .delete("storage_path")
          .then((rows: { storage_path: string | null }[]) => rows.map((row) => row.storage_path)),
      );
      for (const path of paths) if (path !== null) await store.remove(path);
    },
  };
}
