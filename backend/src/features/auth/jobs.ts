import type { Database } from "../../db/database.ts";
import type { JobHandlers } from "../../db/jobs.ts";
import type { Clock } from "../../platform/clock.ts";
import { endedSessions } from "./session-store.ts";

/** `prune_sessions`: sessions and setup tokens that open nothing any more are removed. */
export function authJobs({ db, clock }: { db: Database; clock: Clock }): JobHandlers {
  return {
    prune_sessions: () =>
      db.inSystem(async (tx) => {
        const now = clock.now();
        await endedSessions(tx, now).delete();
        await tx.trx("setup_tokens").where("expires_at", "<=", new Date(now)).delete();
      }),
  };
}
