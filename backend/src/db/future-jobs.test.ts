import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDb } from "../../test/database.ts";
import type { TestDb } from "../../test/database.ts";
import { createDatabase } from "./database.ts";
import type { Database } from "./database.ts";
import { pullFutureJobs } from "./future-jobs.ts";

let testDb: TestDb;
let db: Database;
let pool: pg.Pool;
beforeEach(async () => {
  testDb = await createTestDb();
  db = createDatabase(testDb.url);
  pool = new pg.Pool({ connectionString: testDb.url });
});
afterEach(async () => {
  await db.close();
  await pool.end();
  await testDb.drop();
});

const SOON_MS = 3_000;
const DAY_MS = 86_400_000;

const plan = (task: string, ms: number) =>
  db.inSystem((tx) => tx.enqueue(task, {}, { key: task, run_at: new Date(Date.now() + ms) }));
/** As if the jobs had been planned before the clock was put back by an hour. */
const putBack = () =>
  pool.query(`update graphile_worker._private_jobs
    set run_at = run_at + interval '1 hour', updated_at = updated_at + interval '1 hour'`);
const waits = async () => {
  const sql = `select key, extract(epoch from run_at - now())::float as seconds
    from graphile_worker._private_jobs`;
  const { rows } = await pool.query<{ key: string; seconds: number }>(sql);
  return Object.fromEntries(rows.map(({ key, seconds }) => [key, seconds]));
};

test("what was for soon is for soon again after the clock was put back", async () => {
  await plan("soon", SOON_MS);
  await plan("tomorrow", DAY_MS);
  expect(await pullFutureJobs(pool)).toEqual([]);
  await putBack();
  expect(await pullFutureJobs(pool)).toHaveLength(1);
  const { soon, tomorrow } = await waits();
  expect(soon).toBeLessThan(4);
  expect(tomorrow).toBeGreaterThan(86_400);
  expect(await pullFutureJobs(pool)).toEqual([]);
});
