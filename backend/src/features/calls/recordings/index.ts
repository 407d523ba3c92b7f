import type { Database } from "../../../db/database.ts";
import type { JobHandlers } from "../../../db/jobs.ts";
import type { Route } from "../../../http/route.ts";
import type { Env } from "../../../platform/env.ts";
import { createGuardedFetch } from "../../../platform/guarded-fetch.ts";
import type { Logger } from "../../../platform/log.ts";
import { createRecordingJobs } from "./jobs.ts";
import { openMediaStore } from "./media-store.ts";
import { createRecordingRoutes } from "./routes.ts";
import { createRecordingSource } from "./source.ts";
import { createTranscriber } from "../../../platform/transcriber.ts";

/** The job that fetches, keeps and transcribes what a caller left in the record fallback. */
export function recordingJobs(deps: { db: Database; env: Env; log: Logger }): JobHandlers {
  const { db, env, log } = deps;
  return createRecordingJobs({
    ...{ db, log },
    media: openMediaStore(env.DATA_DIR),
    fetchRecording: createRecordingSource(createGuardedFetch(), env),
    transcribe: createTranscriber(env),
  });
}

/** The route that plays it to its business. */
export function recordingRoutes({ db, env }: { db: Database; env: Env }): Route[] {
  return createRecordingRoutes({ db, media: openMediaStore(env.DATA_DIR) });
}
