import type { Database } from "../../backend/src/db/database.ts";
import { eventually } from "./eventually.ts";

/** Keeps a conversation's row locked, so that whatever wants to work on it hangs. */
export async function holdThread(db: Database, id: number) {
  const held = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const holding = db.inSystem(async ({ trx }) => {
    await trx("threads").where({ id }).forUpdate().first("id");
    held.resolve();
    await over.promise;
  });
  await Promise.race([held.promise, holding]);
  return {
    /** Resolves when so many wait for the row. */
    waitedForBy: (count: number) =>
      eventually(
        () =>
          db.inSystem(async ({ trx }) => {
            const { rows } = await trx.raw(
              `select 1 from pg_locks where not granted and locktype in ('tuple', 'transactionid')
               and pid in (select pid from pg_stat_activity where datname = current_database())`,
            );
            return rows.length as number;
          }),
        (waiting) => waiting >= count,
      ),
    async release() {
      over.resolve();
      await holding;
    },
  };
}
