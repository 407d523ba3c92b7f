import type pg from "pg";

/** In crontab's words; graphile-worker walks through all queues for each job that has one. */
export const PRUNE_QUEUES = "*/10 * * * * prune_job_queues";

/**
 * Removes the queues that no job is in: each conversation has one. A transaction that adds a job
 * finds its queue by name, so none may be doing that meanwhile; rather than keep those waiting, it
 * is left for the next time.
 */
export async function pruneQueues(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`
      begin;
      set local lock_timeout = '500ms';
      lock table graphile_worker._private_job_queues in share row exclusive mode;
      delete from graphile_worker._private_job_queues q
      where locked_at is null
        and not exists (select from graphile_worker._private_jobs j where j.job_queue_id = q.id);
      commit`);
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}
