import type pg from "pg";

/**
 * Jobs that were planned in what is the future now, so the database's clock was put back since. One
 * that was for soon is for as soon from now; what was planned for hours later has its own time.
 */
const PULL = `
  update graphile_worker._private_jobs
  set run_at = now() + (run_at - updated_at), updated_at = now()
  where updated_at > now() + interval '10 seconds' and locked_at is null
    and run_at - updated_at < interval '10 minutes'
  returning id::text`;

/** Without it, what repeats itself every few seconds would wait until the clock has caught up. */
export async function pullFutureJobs(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(PULL);
  return rows.map(({ id }) => id);
}
