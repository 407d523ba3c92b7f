import type { WorkerEvents } from "graphile-worker";
import type pg from "pg";

const HELD_BUT_NOT_RUNNING = `
  select id::text from graphile_worker._private_jobs
  where locked_by = $1 and not (id::text = any($2))`;

const RELEASE = `
  with released as (
    update graphile_worker._private_jobs set locked_at = null, locked_by = null
    where locked_by = $1 and id::text = any($2)
    returning job_queue_id
  )
  update graphile_worker._private_job_queues q set locked_at = null, locked_by = null
  from released where q.id = released.job_queue_id and q.locked_by = $1`;

/**
 * Finds the jobs whose end the database was not there to be told, or whose beginning never came
 * back from it: this process holds them and runs them no more. graphile-worker asks once and would
 * leave them, and everything queued behind them, locked for four hours.
 */
export function createLostJobs(events: WorkerEvents, pool: pg.Pool) {
  const running = new Set<string>();
  let worker_id = "";
  let suspects: string[] = [];
  events.on("pool:create", ({ workerPool }) => void (worker_id = workerPool.id));
  events.on("job:start", ({ job }) => void running.add(job.id));
  events.on("job:complete", ({ job }) => void running.delete(job.id));

  return {
    /** Gives back what was lost at the last look and still is; a job is told of a moment late. */
    async release(): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(HELD_BUT_NOT_RUNNING, [
        worker_id,
        [...running],
      ]);
      const lost = rows.map(({ id }) => id);
      const sure = lost.filter((id) => suspects.includes(id) && !running.has(id));
      suspects = lost;
      if (sure.length > 0) await pool.query(RELEASE, [worker_id, sure]);
      return sure;
    },
  };
}
