import type { Database } from "../../../db/database.ts";
import type { JobHandlers } from "../../../db/jobs.ts";
import type { Logger } from "../../../platform/log.ts";
import { lookAtThread } from "./queue.ts";

/** A look that is so late was forgotten. */
const FORGOTTEN = "next_at < now() - interval '2 minutes'";

/** `sweep_outbox`: every few minutes, finds the threads whose look got lost. */
export function sweepJobs({ db, log }: { db: Database; log: Logger }): JobHandlers {
  return {
    async sweep_outbox() {
      const forgotten = await db.inSystem(({ trx }) =>
        trx("outbox as o")
          .join("messages as m", (on) => {
            on.on("m.id", "o.message_id").andOn("m.business_id", "o.business_id");
          })
          .whereNot("o.state", "done")
          .whereRaw(FORGOTTEN)
          .distinct<{ business_id: number; thread_id: number }[]>("o.business_id", "m.thread_id"),
      );
      for (const { business_id, thread_id } of forgotten) {
        log.warn({ biz: business_id, thread_id }, "[WA-OUTGOING] a forgotten thread");
        await db.inBusiness(business_id, (tx) => lookAtThread(tx, thread_id));
      }
    },
  };
}
