import { run } from "graphile-worker";
import type { JobHelpers, Runner, TaskList } from "graphile-worker";
import type { Knex } from "knex";
import pg from "pg";
import type { Logger } from "../platform/log.ts";
import { cutWhenSilent } from "./silence.ts";
import { createWorkerLease } from "./worker-lease.ts";

export interface JobOptions {
  /** Jobs of one queue run one after the other, e.g. `thread:7`. */
  queue?: string;
  /** A pending job of the same key is replaced instead of doubled. */
  key?: string;
  run_at?: Date;
  max_attempts?: number;
}

/** What a feature exports: a handler for each of its tasks. A handler may be killed at any line. */
export type JobHandlers = Record<
  string,
  (payload: { business_id: number } & Record<string, unknown>, helpers: JobHelpers) => Promise<void>
>;

/** Adds a job inside `trx`. The database stamps the transaction's business over the payload's. */
export async function addJob(
  trx: Knex.Transaction,
  task: string,
  payload: object,
  options: JobOptions = {},
): Promise<void> {
  await trx.raw("select enqueue(?, ?::json, ?, ?::timestamptz, ?, ?)", [
    task,
    JSON.stringify(payload),
    options.queue ?? null,
    options.run_at?.toISOString() ?? null,
    options.max_attempts ?? null,
    options.key ?? null,
  ] as Knex.RawBinding[]);
}

export interface Jobs {
  /** The advisory lock that proves this process alive; see `worker-lease.ts`. */
  readonly lease: number;
  /** Takes no new job and waits for those that run. */
  stop(): Promise<void>;
}

/**
 * Runs the jobs of this process. Jobs that a killed process held are released at start and every
 * few seconds (see `worker-lease.ts`), so they run again at once instead of after hours.
 */
export async function startJobs(options: {
  url: string;
  handlers: JobHandlers;
  log: Logger;
  concurrency?: number;
  /** graphile-worker's crontab: what happens by the clock. */
  crontab?: string;
  /** Told when the workers have ended although nobody asked them to; nothing works off jobs then. */
  onEnded?: () => void;
}): Promise<Jobs> {
  const { url, log, concurrency = 6 } = options;
  const pool = new pg.Pool({
    connectionString: url,
    // A job that waits for somebody else needs no connection.
    max: Math.min(concurrency, 6) + 2,
    application_name: "agentlocator-jobs",
    connectionTimeoutMillis: 5000,
  });
  const lost = (error: Error) => log.warn({ err: error }, "[JOB] database connection lost");
  pool.on("error", lost);
  pool.on("connect", (client) => {
    client.on("error", lost);
    cutWhenSilent(client);
  });
  const lease = await createWorkerLease({ url, pool, log });
  const runner: Runner = await run({
    pgPool: pool,
    taskList: after(lease.registered, options.handlers),
    concurrency,
    pollInterval: 1000,
    ...(options.crontab && { crontab: options.crontab }),
    noHandleSignals: true,
    events: lease.events,
    logger: lease.logger,
  });
  let stopping = false;
  void runner.promise
    .catch((error: unknown) => log.error({ err: error }, "[JOB] the workers failed"))
    .then(() => stopping || options.onEnded?.());
  await lease.releaseDead();
  return {
    lease: lease.id,
    async stop() {
      stopping = true;
      await runner.stop();
      await lease.close();
      await pool.end();
    },
  };
}

/** The handlers, none of which begins before `ready`. */
function after(ready: Promise<void>, handlers: JobHandlers): TaskList {
  const tasks = Object.entries(handlers).map(([name, handle]) => [
    name,
    async (payload: unknown, helpers: JobHelpers) => {
      await ready;
      await handle(payload as Parameters<typeof handle>[0], helpers);
    },
  ]);
  return Object.fromEntries(tasks) as TaskList;
}
