import type { Database } from "../../../db/database.ts";
import type { Env } from "../../../platform/env.ts";
import { createGuardedFetch } from "../../../platform/guarded-fetch.ts";
import type { Logger } from "../../../platform/log.ts";
import type { Signer } from "../../../platform/signer.ts";
import type { GatewayClient } from "../channel/index.ts";
import { createMediaJobs } from "./jobs.ts";
import { openMediaStore } from "./media-store.ts";
import { createMediaRoutes, linkTo } from "./routes.ts";
import { createMediaSource } from "./source.ts";
import { mediaOfMessages } from "./store.ts";
import { createKeepUpload, uploadJobs, uploadRoute, UPLOADS_CRONTAB } from "./uploads.ts";

export { addMedia } from "./store.ts";
export type { MediaRow } from "./store.ts";

interface Deps {
  env: Env;
  log: Logger;
  db: Database;
  signer: Signer;
  /** null when no gateway is configured */
  gateway: Pick<GatewayClient, "media"> | null;
}

/** Pictures, sounds, videos and documents of messages: fetched, kept, and served to their business. */
export function createMedia({ env, log, db, signer, gateway }: Deps) {
  const store = openMediaStore(env);
  const fetchMedia = createMediaSource(env, createGuardedFetch(), gateway);
  const keepUpload = createKeepUpload({ db, store });
  return {
    routes: [...createMediaRoutes({ db, store, signer }), uploadRoute(keepUpload)],
    jobs: { ...createMediaJobs({ db, log, store, fetchMedia }), ...uploadJobs({ db, store }) },
    crontab: [UPLOADS_CRONTAB],
    /** Keeps a file, until a message carries it. */
    keepUpload,
    /** Path of stored media for a provider to fetch, without a session, for a while. */
    link: (business_id: number, media_id: number) => linkTo(signer, business_id, media_id),
    /** The media of several messages; what is neither stored nor failed is still on its way. */
    ofMessages: mediaOfMessages,
    /** The bytes of what is stored. @throws ENOENT when they are gone */
    read: store.read,
  };
}
