import { setTimeout as sleep } from "node:timers/promises";
import { makeWorkerUtils } from "graphile-worker";
import type { Knex } from "knex";
import pg from "pg";
import type { Logger } from "../platform/log.ts";
import { isDatabaseAway } from "./away.ts";
import { migrations } from "./migrations/index.ts";
import { createPool } from "./pool.ts";

/** "AGLO": the advisory lock that lets one process migrate while the others wait. */
const MIGRATION_LOCK = 0x4147_4c4f;

/**
 * Brings the schema up to this code; several processes may call it at once.
 * @param url connection of a role that owns the schema and may create roles
 *
 * A newer schema is served too: while an upgrade runs, and after one that was taken back, the code
 * before works on what the one after has made of it. Migrations expand first. One that contracts
 * (drops or renames what earlier code uses) comes in a later version and writes into `schema_floor`
 * the migration that code must know from then on, as `agentlocator_system`.
 * @throws when the schema has contracted below what this code needs
 */
export async function migrate(url: string): Promise<void> {
  const lock = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // A lost connection fails the query that waits on it; nothing is left to be said here.
  lock.on("error", () => {});
  await lock.connect();
  try {
    await lock.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await migrateJobs(url);
    await migrateTables(url);
  } finally {
    await lock.end();
  }
}

const PATIENCE_MS = 60_000;
const AGAIN_MS = 1_000;

/** Like `migrate`; while the database is away it is tried again for so long. */
export async function migrateWhenThere(
  url: string,
  log: Logger,
  patience_ms = PATIENCE_MS,
): Promise<void> {
  const until = performance.now() + patience_ms;
  for (;;) {
    try {
      return await migrate(url);
    } catch (error) {
      if (!isDatabaseAway(error) || performance.now() > until) throw error;
      log.warn({ err: error }, "[DB] can't be reached, trying again");
      await sleep(AGAIN_MS);
    }
  }
}

async function migrateJobs(url: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  try {
    const utils = await makeWorkerUtils({ pgPool: pool });
    try {
      await utils.migrate();
    } finally {
      await utils.release();
    }
  } finally {
    await pool.end();
  }
}

async function migrateTables(url: string): Promise<void> {
  const knex = createPool(url, 2);
  try {
    const config = { migrationSource: migrations, disableMigrationsListValidation: true };
    // Under our lock nobody else can be migrating, so a lock left here is a killed process's.
    await knex.migrate.forceFreeMigrationsLock(config);
    await checkFloor(knex);
    await knex.migrate.latest(config);
  } finally {
    await knex.destroy();
  }
}

async function checkFloor(knex: Knex): Promise<void> {
  if (!(await knex.schema.hasTable("schema_floor"))) return;
  const known = await migrations.getMigrations([]);
  const needed = await knex.transaction(async (trx) => {
    await trx.raw("set local role agentlocator_system");
    return trx<{ migration: string }>("schema_floor").pluck("migration");
  });
  const unknown = needed.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new Error(
    `the database's schema needs a newer version of the product: one with ${unknown.join(", ")}`,
  );
}
