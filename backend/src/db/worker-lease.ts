import { EventEmitter } from "node:events";
import { randomInt } from "node:crypto";
import { Logger as GraphileLogger } from "graphile-worker";
import type { WorkerEvents } from "graphile-worker";
import pg from "pg";
import { createLostJobs } from "./lost-jobs.ts";
import { keepTrying } from "../platform/keep-trying.ts";
import type { Logger } from "../platform/log.ts";

const SWEEP_MS = 5000;
const TAKE = "select pg_try_advisory_lock('jobs.workers'::regclass::oid::int, $1) as held";

/**
 * The pool need not be as large as the workers are many: the local queue asks for all of them at
 * once. That it can't ask while the database is away is told by the sweep, and not four times a
 * second.
 */
const NOT_NEWS = /maxPoolSize|^Error occurred fetching jobs/;

/** The jobs and queues still locked by workers of processes that no longer hold their lease. */
const DEAD_WORKERS = `
  with alive as (
    select w.worker_id
    from jobs.workers w
    join pg_locks l on l.locktype = 'advisory' and l.classid = 'jobs.workers'::regclass::oid
      and l.objid = w.lease::oid and l.objsubid = 2
  ), holders as (
    select locked_by, locked_at from graphile_worker._private_jobs where locked_by is not null
    union all
    select locked_by, locked_at from graphile_worker._private_job_queues where locked_by is not null
  )
  select distinct h.locked_by as worker_id
  from holders h
  where h.locked_by not in (select worker_id from alive)
    and (exists (select 1 from jobs.workers w where w.worker_id = h.locked_by)
      or h.locked_at < now() - interval '30 seconds')`;

/**
 * Says which workers are alive without a clock: each process holds a PostgreSQL advisory lock on a
 * connection of its own, and a killed process loses it with its connection. What dead workers had
 * locked is released at boot and every few seconds; graphile-worker alone would wait four hours.
 */
export async function createWorkerLease(options: {
  url: string;
  pool: pg.Pool;
  log: Logger;
  sweep_ms?: number;
}) {
  const { url, pool, log, sweep_ms = SWEEP_MS } = options;
  const lease = randomInt(1, 2 ** 31 - 1);
  const events: WorkerEvents = new EventEmitter();
  const lostJobs = createLostJobs(events, pool);
  let client: pg.Client | undefined;
  let taking: Promise<void> | undefined;
  let closed = false;
  let suspects = new Set<string>();

  async function hold(): Promise<void> {
    const fresh = new pg.Client({
      connectionString: url,
      application_name: "agentlocator-lease",
      connectionTimeoutMillis: 5000,
      query_timeout: 5000,
      keepAlive: true,
    });
    fresh.on("error", (error) => {
      if (client !== fresh) return;
      client = undefined;
      log.warn({ err: error }, "[JOB] worker lease lost, taking it again");
    });
    try {
      await fresh.connect();
      // The server may not have noticed yet that the connection before is gone; waiting for it
      // here would leave another connection waiting with each sweep.
      const { rows } = await fresh.query<{ held: boolean }>(TAKE, [lease]);
      if (!rows[0]!.held) throw new Error("the lease is still held by the connection before");
      client = fresh;
    } catch (error) {
      await fresh.end().catch(() => undefined);
      throw error;
    }
  }

  /** One attempt at a time: a second one could only wait for the first. */
  function takeAgain(): Promise<void> {
    taking ??= hold().finally(() => (taking = undefined));
    return taking;
  }

  // graphile-worker locks jobs and queues in the name of a pool of workers, not of each.
  const registrations: Promise<unknown>[] = [];
  events.on("pool:create", ({ workerPool }) => {
    const values = [workerPool.id, lease];
    const register = () =>
      pool.query("insert into jobs.workers (worker_id, lease) values ($1, $2)", values);
    registrations.push(keepTrying(log, "registering the workers", register));
  });

  /** Unlocks what dead workers hold; at boot at once, later only what was dead a sweep ago too. */
  async function releaseDead(sure = true): Promise<void> {
    const { rows } = await pool.query<{ worker_id: string }>(DEAD_WORKERS);
    const dead = rows.map((row) => row.worker_id);
    const release = sure ? dead : dead.filter((id) => suspects.has(id));
    suspects = new Set(dead);
    if (release.length === 0) return;
    await pool.query("select graphile_worker.force_unlock_workers($1)", [release]);
    await pool.query("delete from jobs.workers where worker_id = any($1)", [release]);
    log.warn({ workers: release }, "[JOB] released the jobs of workers that died");
  }

  async function look(): Promise<void> {
    await releaseDead(false);
    const lost = await lostJobs.release();
    if (lost.length > 0) log.warn({ jobs: lost }, "[JOB] jobs whose end was not stored, again");
  }

  const sweep = setInterval(() => {
    if (closed) return;
    (client ? look() : takeAgain()).catch((error: unknown) => {
      log.warn({ err: error }, "[JOB] sweep for dead workers failed");
    });
  }, sweep_ms);
  sweep.unref();

  await hold();
  return {
    id: lease,
    events,
    /** Resolves when the workers' jobs can be told from those of the dead; none may run before. */
    registered: () => Promise.all(registrations),
    releaseDead,
    logger: new GraphileLogger(() => (level, message) => {
      if (NOT_NEWS.test(message)) log.debug(`[JOB] ${message}`);
      else if (level === "error" || level === "warning") log.warn(`[JOB] ${message}`);
      else log.debug(`[JOB] ${message}`);
    }),
    async close() {
      closed = true;
      clearInterval(sweep);
      await pool.query("delete from jobs.workers where lease = $1", [lease]);
      await client?.end();
    },
  };
}
