import { EventEmitter } from "node:events";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDb } from "../../test/database.ts";
import type { TestDb } from "../../test/database.ts";
import { createDatabase } from "./database.ts";
import { createLostJobs } from "./lost-jobs.ts";

let testDb: TestDb;
let pool: pg.Pool;
beforeEach(async () => {
  testDb = await createTestDb();
  pool = new pg.Pool({ connectionString: testDb.url });
});
afterEach(async () => {
  await pool.end();
  await testDb.drop();
});

test("a fetched job is given back only once nobody here knows of it, twice in a row", async () => {
  const db = createDatabase(testDb.url);
  await db.inSystem((tx) => tx.enqueue("note", {}, { queue: "thread:1" }));
  await db.close();
  await pool.query("update graphile_worker._private_jobs set locked_by = 'us', locked_at = now()");
  const { rows: jobs } = await pool.query("select id::text from graphile_worker._private_jobs");

  const events = new EventEmitter();
  const lost = createLostJobs(events, pool);
  events.emit("pool:create", { workerPool: { id: "us" } });
  events.emit("localQueue:getJobs:complete", { jobs });
  for (let look = 0; look < 3; look++) expect(await lost.release()).toEqual([]);

  events.emit("localQueue:returnJobs", { jobs });
  expect(await lost.release()).toEqual([]);
  expect(await lost.release()).toEqual([jobs[0].id]);
  const { rows } = await pool.query("select locked_by from graphile_worker._private_jobs");
  expect(rows).toEqual([{ locked_by: null }]);
});
