import type { EventName, EventRef } from "@agentlocator/contract";
import type { Knex } from "knex";
import { readJobFigures } from "./job-figures.ts";
import type { JobFigures } from "./job-figures.ts";
import { addJob } from "./jobs.ts";
import type { JobOptions } from "./jobs.ts";
import { createPool } from "./pool.ts";

/** What a transaction of one business can do. Only `inBusiness` makes one. */
export interface BusinessTx {
  readonly business_id: number;
  /** Sees and writes rows of this business only; the database enforces it. */
  readonly trx: Knex.Transaction;
  /** Records a live event; it is written just before the commit and announced right after it. */
  emit(name: EventName, ref: EventRef): void;
  /** Adds a job that exists exactly if this transaction commits; its payload carries the business. */
  enqueue(task: string, payload: object, options?: JobOptions): Promise<void>;
}

/** A transaction across businesses: login, routing a webhook to its business, the agency's screens. */
export interface SystemTx {
  readonly trx: Knex.Transaction;
  enqueue(task: string, payload: object, options?: JobOptions): Promise<void>;
}

export interface Database {
  inBusiness<T>(business_id: number, run: (tx: BusinessTx) => Promise<T>): Promise<T>;
  inSystem<T>(run: (tx: SystemTx) => Promise<T>): Promise<T>;
  /** Throws when the database does not answer within its timeouts. */
  ping(): Promise<void>;
  /** The jobs of all businesses and processes. */
  jobFigures(): Promise<JobFigures>;
  /** The connections of this process. */
  connections(): Connections;
  close(): Promise<void>;
}

export interface Connections {
  used: number;
  free: number;
  /** Somebody waits for one. */
  wanted: number;
  most: number;
}

/** knex's pool; its own types don't show it. */
interface Tarn {
  max: number;
  numUsed(): number;
  numFree(): number;
  numPendingAcquires(): number;
}

/** Told after a commit that wrote events of a business. */
export type EventsWritten = (business_id: number) => void;

const APP = "agentlocator_app";
const SYSTEM = "agentlocator_system";

/**
 * The only door to the data. The pool's own role sees no row at all (FORCE ROW LEVEL SECURITY
 * without a policy for it), so a query outside of these two functions finds nothing.
 */
export function createDatabase(
  url: string,
  options: { eventsWritten?: EventsWritten; max?: number } = {},
): Database {
  const knex = createPool(url, options.max);

  async function enter(
    trx: Knex.Transaction,
    role: string,
    business_id: number | "",
  ): Promise<void> {
    // Transaction-local, so a pooled connection can't carry a business over to its next user.
    const enter = "select set_config('role', ?, true), set_config('app.business_id', ?, true)";
    await trx.raw(enter, [role, String(business_id)]).options({ name: "enter" });
  }

  return {
    async inBusiness(business_id, run) {
      const events: { name: EventName; ref: EventRef }[] = [];
      const result = await knex.transaction(async (trx) => {
        await enter(trx, APP, business_id);
        const value = await run({
          business_id,
          trx,
          emit: (name, ref) => void events.push({ name, ref }),
          enqueue: (task, payload, jobOptions) => addJob(trx, task, payload, jobOptions),
        });
        if (events.length > 0) await writeEvents(trx, business_id, events);
        return value;
      });
      if (events.length > 0) options.eventsWritten?.(business_id);
      return result;
    },

    inSystem: (run) =>
      knex.transaction(async (trx) => {
        await enter(trx, SYSTEM, "");
        return run({
          trx,
          enqueue: (task, payload, jobOptions) => addJob(trx, task, payload, jobOptions),
        });
      }),

    async ping() {
      await knex.raw("select 1");
    },

    jobFigures: () => readJobFigures(knex),

    connections() {
      const { pool } = knex.client as { pool: Tarn };
      return {
        used: pool.numUsed(),
        free: pool.numFree(),
        wanted: pool.numPendingAcquires(),
        most: pool.max,
      };
    },

    close: () => knex.destroy(),
  };
}

/**
 * The lock makes event ids of one business appear in their order: without it a later id could be
 * committed, and read by a browser, before an earlier one. It comes last in the transaction, so it
 * is held for the commit only and can't be part of a deadlock.
 */
async function writeEvents(
  trx: Knex.Transaction,
  business_id: number,
  events: { name: EventName; ref: EventRef }[],
): Promise<void> {
  const values = [
    business_id,
    business_id,
    events.map(({ name }) => name),
    events.map(({ ref }) => JSON.stringify(ref)),
  ];
  // An id is given to a row that comes from the join, after the lock was taken.
  const insert = `with locked as materialized (select pg_advisory_xact_lock(hashtext('events'), ?))
    insert into events (business_id, name, ref)
    select ?::int, name, ref
    from locked, unnest(?::text[], ?::jsonb[]) with ordinality as event (name, ref, nth)
    order by nth`;
  await trx.raw(insert, values as Knex.RawBinding[]).options({ name: "events" });
}
