import pg from "pg";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { createTestDb } from "../../test/database.ts";
import type { TestDb } from "../../test/database.ts";
import { createLog } from "../platform/log.ts";
import { createWorkerLease } from "./worker-lease.ts";

let testDb: TestDb;
let pool: pg.Pool;
let admin: pg.Client;
beforeEach(async () => {
  testDb = await createTestDb();
  pool = new pg.Pool({ connectionString: testDb.url });
  const name = testDb.url.slice(testDb.url.lastIndexOf("/"));
  const url = inject("postgres").admin_url.replace(/\/[^/]*$/, name);
  admin = new pg.Client({ connectionString: url });
  await admin.connect();
});
afterEach(async () => {
  await admin.end();
  await pool.end();
  await testDb.drop();
});

async function connections(): Promise<number> {
  const { rows } = await admin.query<{ count: string }>(
    `select count(*) from pg_stat_activity
     where datname = current_database() and application_name = 'agentlocator-lease'`,
  );
  return Number(rows[0]!.count);
}

async function holders(lease: number): Promise<number> {
  const { rows } = await admin.query<{ count: string }>(
    "select count(*) from pg_locks where locktype = 'advisory' and objid = $1 and granted",
    [lease],
  );
  return Number(rows[0]!.count);
}

test("a lease whose old connection lingers at the server is asked for by one connection at a time", async () => {
  const lease = await createWorkerLease({
    url: testDb.url,
    pool,
    log: createLog("silent"),
    sweep_ms: 100,
  });
  expect(await holders(lease.id)).toBe(1);
  // What the server does when a connection has died unnoticed: the lock stays where it was.
  const lingering = new pg.Client({ connectionString: testDb.url });
  await lingering.connect();
  const lock = lingering.query("select pg_advisory_lock('jobs.workers'::regclass::oid::int, $1)", [
    lease.id,
  ]);
  await admin.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1",
    ["agentlocator-lease"],
  );
  await lock;
  const seen: number[] = [];
  for (let i = 0; i < 20; i++) {
    seen.push(await connections());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(Math.max(...seen)).toBeLessThanOrEqual(1);

  await lingering.end();
  await expect.poll(() => holders(lease.id), { timeout: 5000 }).toBe(1);
  expect(await connections()).toBe(1);
  await lease.close();
});
