import type { Database } from "../../../db/database.ts";
import type { JobHandlers } from "../../../db/jobs.ts";

/** Removes, each night, what came about messages that never did, and old webhooks set aside. */
export function pruneJobs({ db }: { db: Database }): JobHandlers {
  return {
    prune_whatsapp: () =>
      db.inSystem(async ({ trx }) => {
        const old = (days: number) => trx.raw("now() - ? * interval '1 day'", [days]);
        await trx("early_receipts").where("created_at", "<", old(14)).delete();
        await trx("webhooks_aside").where("created_at", "<", old(90)).delete();
        await trx("message_changes as c")
          .where("created_at", "<", old(30))
          .whereNotExists(
            trx("messages as m").whereRaw(
              `m.business_id = c.business_id and m.provider = c.provider
                and m.provider_msg_id = c.target_msg_id`,
            ),
          )
          .delete();
      }),
  };
}

/** graphile-worker's crontab. */
export const PRUNE_CRONTAB = "37 3 * * * prune_whatsapp";
