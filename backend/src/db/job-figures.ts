import type { Knex } from "knex";

/** How the work that waits in the database stands. */
export interface JobFigures {
  /** Jobs that were tried as often as they may be, by task. */
  failed: { task: string; jobs: number }[];
  /** Due, and nobody works on them. */
  waiting: number;
  /** Since the longest of these is due; 0 when none is. */
  oldest_seconds: number;
}

const FAILED = `
  select t.identifier as task, count(*) as jobs
  from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
  where j.attempts >= j.max_attempts and j.locked_at is null
  group by t.identifier`;

const DUE = `
  select count(*) as waiting,
    greatest(0, coalesce(extract(epoch from now() - min(run_at)), 0))::float8 as oldest_seconds
  from graphile_worker._private_jobs
  where attempts < max_attempts and locked_at is null and run_at <= now()`;

/** Asked with the connection's own role: the jobs of all businesses are in one table. */
export async function readJobFigures(knex: Knex): Promise<JobFigures> {
  const failed = await knex.raw<{ rows: JobFigures["failed"] }>(FAILED);
  const due = await knex.raw<{ rows: Omit<JobFigures, "failed">[] }>(DUE);
  return { failed: failed.rows, ...due.rows[0]! };
}
