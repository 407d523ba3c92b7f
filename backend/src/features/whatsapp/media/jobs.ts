import { createHash } from "node:crypto";
import type { Database } from "../../../db/database.ts";
import type { JobHandlers } from "../../../db/jobs.ts";
import type { Logger } from "../../../platform/log.ts";
import { loadSettings } from "../../settings/index.ts";
import type { MediaStore } from "./media-store.ts";
import { mediaNotices } from "./notices.ts";
import { extensionOf, sniff } from "./sniff.ts";
import { MediaLost } from "./source.ts";
import type { FetchMedia } from "./source.ts";
import { findMedia, markFailed, markStored } from "./store.ts";
import type { MediaRow } from "./store.ts";

interface Deps {
  db: Database;
  log: Logger;
  store: MediaStore;
  fetchMedia: FetchMedia;
}

/** With the queue's growing pauses, some twenty minutes: a customer waits for an answer. */
const ATTEMPTS = 7;

/** `whatsapp.media`: brings the bytes of a message's media here, or says on the message why not. */
export function createMediaJobs({ db, log, store, fetchMedia }: Deps): JobHandlers {
  async function giveUp(business_id: number, media: MediaRow, error: unknown): Promise<void> {
    const { id: media_id, source } = media;
    log.error({ err: error, biz: business_id, media_id, source }, "[WA-ERROR] media given up");
    const reason = error instanceof MediaLost ? error.reason : "failed";
    await db.inBusiness(business_id, async (tx) => {
      const { language } = await loadSettings(tx);
      await markFailed(tx, media, mediaNotices(language)[reason]);
    });
  }

  return {
    async "whatsapp.media"({ business_id, media_id }, { job }) {
      const media = await db.inBusiness(business_id, (tx) => findMedia(tx, Number(media_id)));
      if (!media || media.storage_path !== null || media.error !== null) return;
      let bytes: Buffer;
      try {
        bytes = await fetchMedia(business_id, media);
      } catch (error) {
        if (job.attempts < ATTEMPTS && !(error instanceof MediaLost)) throw error;
        return giveUp(business_id, media, error);
      }
      const content_type = sniff(bytes, media.claimed_type);
      const name = `${media.id}.${extensionOf(content_type)}`;
      const storage_path = await store.save(business_id, name, bytes);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const kept = { storage_path, content_type, size: bytes.length, sha256 };
      await db.inBusiness(business_id, (tx) => markStored(tx, media, kept));
      log.info({ biz: business_id, media_id, content_type }, "[WA-INCOMING] media stored");
    },
  };
}
