import { run } from "graphile-worker";
import type { JobHelpers, TaskList } from "graphile-worker";
import type { Knex } from "knex";
import pg from "pg";
import type { Logger } from "../platform/log.ts";
import { cutWhenSilent } from "./silence.ts";
import { pullFutureJobs } from "./future-jobs.ts";
import { PRUNE_QUEUES, pruneQueues } from "./unused-queues.ts";
import { createWorkerLease } from "./worker-lease.ts";

export interface JobOptions {
  /** Jobs of one queue run one after the other, e.g. `thread:7`. */
  queue?: string;
  /** A pending job of the same key is replaced instead of doubled. */
  key?: string;
  /** By this process's clock. */
  run_at?: Date;
  max_attempts?: number;
}

/** What a feature exports: a handler for each of its tasks. A handler may be killed at any line. */
export type JobHandlers = Record<
  string,
  (payload: { business_id: number } & Record<string, unknown>, helpers: JobHelpers) => Promise<void>
>;

/**
 * Clocks differ between machines, and jump: a job planned for soon must not wait for hours. While
 * this process's clock agrees with the database's, the time is taken as it is.
 */
const WHEN = `case
  when abs(extract(epoch from clock_timestamp() - :now::timestamptz)) < 2 then :run_at::timestamptz
  else clock_timestamp() + (:run_at::timestamptz - :now::timestamptz) end`;

/** Adds a job inside `trx`. The database stamps the transaction's business over the payload's. */
export async function addJob(
  trx: Knex.Transaction,
  task: string,
  payload: object,
  options: JobOptions = {},
): Promise<void> {
  const { queue = null, key = null, max_attempts = null } = options;
  const bindings = {
    ...{ task, queue, key, max_attempts },
    payload: JSON.stringify(payload),
    run_at: options.run_at?.toISOString() ?? null,
    now: new Date(Date.now()).toISOString(),
  };
  await trx.raw(
    `select enqueue(:task, :payload::json, :queue, ${WHEN}, :max_attempts, :key)`,
    bindings as Record<string, Knex.RawBinding>,
  );
}

export interface Jobs {
  /** The advisory lock that proves this process alive; see `worker-lease.ts`. */
  readonly lease: number;
  /** Takes no new job and waits for those that run. */
  stop(): Promise<void>;
}

/** Jobs that are worked off apart from others, so that none of them can keep those waiting. */
export interface Lane {
  handlers: JobHandlers;
  /** How many run at a time. */
  concurrency?: number;
  /** graphile-worker's crontab: what happens by the clock. */
  crontab?: readonly string[];
}

/** How often it is looked whether the clock was put back. */
const CLOCK_MS = 10_000;
/** How long a job may wait when nobody told of it: its time has come, or its queue is free. */
const POLL_MS = 250;
/** On the average, for how long after a look a job that is added leads to no other one. */
const REST_MS = 100;
/** A job that was fetched and finds no worker is left to another process. */
const FETCHED_MS = 2000;

/**
 * Runs the jobs of this process. Jobs that a killed process held are released at start and every
 * few seconds (see `worker-lease.ts`), so they run again at once instead of after hours.
 */
export async function startJobs(options: {
  url: string;
  /** None: this process only proves that it lives, and its jobs are another's. */
  lanes: readonly Lane[];
  log: Logger;
  /** Told when the workers have ended although nobody asked them to; nothing works off jobs then. */
  onEnded?: () => void;
}): Promise<Jobs> {
  const { url, log, lanes } = options;
  const pool = new pg.Pool({
    connectionString: url,
    // Each lane listens on one of its own.
    max: lanes.length + 4,
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
  const work = ({ handlers, concurrency = 6, crontab = [] }: Lane) =>
    run({
      pgPool: pool,
      taskList: after(lease.registered, handlers),
      concurrency,
      pollInterval: POLL_MS,
      ...(crontab.length > 0 && { crontab: crontab.join("\n") }),
      noHandleSignals: true,
      events: lease.events,
      logger: lease.logger,
      preset: {
        worker: {
          localQueue: {
            size: concurrency,
            ttl: FETCHED_MS,
            refetchDelay: { durationMs: REST_MS, threshold: concurrency },
          },
        },
      },
    });
  const housed = lanes.map((lane, n) => (n === 0 ? keepingHouse(lane, pool) : lane));
  const runners = await Promise.all(housed.map(work));
  let stopping = false;
  for (const { promise } of runners) {
    void promise
      .catch((error: unknown) => log.error({ err: error }, "[JOB] the workers failed"))
      .then(() => stopping || options.onEnded?.());
  }
  await lease.releaseDead();
  const clock = setInterval(() => {
    const told = (jobs: string[]) =>
      jobs.length > 0 && log.warn({ jobs }, "[JOB] the clock was put back: they don't wait for it");
    pullFutureJobs(pool).then(told, lost);
  }, CLOCK_MS);
  clock.unref();
  return {
    lease: lease.id,
    async stop() {
      stopping = true;
      clearInterval(clock);
      await Promise.all(runners.map((runner) => runner.stop()));
      await lease.close();
      await pool.end();
    },
  };
}

function keepingHouse({ handlers, crontab = [], ...lane }: Lane, pool: pg.Pool): Lane {
  const prune_job_queues = () => pruneQueues(pool);
  return {
    ...lane,
    handlers: { ...handlers, prune_job_queues },
    crontab: [...crontab, PRUNE_QUEUES],
  };
}

/** The handlers, none of which begins before `ready`. */
function after(ready: () => Promise<unknown>, handlers: JobHandlers): TaskList {
  const tasks = Object.entries(handlers).map(([name, handle]) => [
    name,
    async (payload: unknown, helpers: JobHelpers) => {
      await ready();
      await handle(payload as Parameters<typeof handle>[0], helpers);
    },
  ]);
  return Object.fromEntries(tasks) as TaskList;
}
