import { createPool } from "./pool.ts";

/** More rows than are made between a backup and the loss of what came after it. */
const SKIPPED = 1_000_000;

/**
 * Has every table's numbers go on after a gap. Ids that were given out after a backup was made are
 * known outside, as in the idempotency keys of messages; none of them may come to mean another row.
 * @param url connection of the role that owns the schema
 */
export async function skipIds(url: string): Promise<void> {
  const knex = createPool(url, 1);
  try {
    await knex.raw(
      `select setval(format('%I.%I', schemaname, sequencename)::regclass,
         last_value + least(?, (max_value - last_value) / 100))
       from pg_sequences where schemaname = 'public' and last_value is not null`,
      [SKIPPED],
    );
  } finally {
    await knex.destroy();
  }
}
