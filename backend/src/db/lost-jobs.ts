import type { WorkerEvents } from "graphile-worker";
import type pg from "pg";

const LOCKED_BY_US = `
  select id::text from graphile_worker._private_jobs
  where locked_by = any($1) and not (id::text = any($2))`;

const RELEASE = `
  with released as (
    update graphile_worker._private_jobs set locked_at = null, locked_by = null
    where locked_by = any($1) and id::text = any($2)
    returning job_queue_id
  )
  update graphile_worker._private_job_queues q set locked_at = null, locked_by = null
  from released where q.id = released.job_queue_id and q.locked_by = any($1)`;

/**
 * Finds the jobs whose end the database was not there to be told, or whose beginning never came
 * back from it: this process has them locked and knows nothing of them. graphile-worker asks once
 * and would leave them, and everything queued behind them, locked for four hours.
 */
export function createLostJobs(events: WorkerEvents, pool: pg.Pool) {
  /** Those that run, and those that were fetched and wait for a worker to be free. */
  const held = new Set<string>();
  const worker_ids: string[] = [];
  let suspects: string[] = [];
  events.on("pool:create", ({ workerPool }) => void worker_ids.push(workerPool.id));
  events.on("localQueue:getJobs:complete", ({ jobs }) => jobs.forEach(({ id }) => held.add(id)));
  events.on("localQueue:returnJobs", ({ jobs }) => jobs.forEach(({ id }) => held.delete(id)));
  events.on("job:complete", ({ job }) => void held.delete(job.id));

  return {
    /** Gives back what was lost at the last look and still is; a job is told of a moment late. */
    async release(): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(LOCKED_BY_US, [worker_ids, [...held]]);
      const lost = rows.map(({ id }) => id);
      const sure = lost.filter((id) => suspects.includes(id) && !held.has(id));
      suspects = lost;
      if (sure.length > 0) await pool.query(RELEASE, [worker_ids, sure]);
      return sure;
    },
  };
}
