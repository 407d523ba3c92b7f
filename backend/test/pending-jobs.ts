import pg from "pg";

export interface PendingJob {
  key: string | null;
  queue: string | null;
  run_at: Date;
  payload: Record<string, unknown>;
  attempts: number;
}

/** The jobs of a task that nobody has done yet, in the order in which they are due. */
export async function pendingJobs(url: string, task: string): Promise<PendingJob[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<PendingJob>(
      `select key, queue_name as queue, run_at, payload, attempts
        from graphile_worker._private_jobs jobs
        join graphile_worker._private_tasks tasks on tasks.id = jobs.task_id
        left join graphile_worker._private_job_queues queues on queues.id = jobs.job_queue_id
        where tasks.identifier = $1 order by run_at, jobs.id`,
      [task],
    );
    return rows;
  } finally {
    await client.end();
  }
}
