import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDb } from "../../test/database.ts";
import type { TestDb } from "../../test/database.ts";
import { createDatabase } from "./database.ts";
import type { Database } from "./database.ts";
import { pruneQueues } from "./unused-queues.ts";

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

const enqueue = (queue: string) => db.inSystem((tx) => tx.enqueue("note", {}, { queue }));
const queues = async () => {
  const sql = "select queue_name from graphile_worker._private_job_queues order by 1";
  return (await pool.query<{ queue_name: string }>(sql)).rows.map((row) => row.queue_name);
};
const finish = (queue: string) =>
  pool.query(
    `delete from graphile_worker._private_jobs where job_queue_id =
       (select id from graphile_worker._private_job_queues where queue_name = $1)`,
    [queue],
  );

test("a queue without jobs goes, one with a job stays", async () => {
  await enqueue("thread:1");
  await enqueue("thread:2");
  await finish("thread:1");
  await pruneQueues(pool);
  expect(await queues()).toEqual(["thread:2"]);
});

test("nothing goes while somebody adds a job, and its connection is good for others after", async () => {
  await enqueue("thread:1");
  await finish("thread:1");
  await db.inSystem(async (tx) => {
    await tx.enqueue("note", {}, { queue: "thread:1" });
    await expect(pruneQueues(pool)).rejects.toThrow(/lock timeout/);
  });
  expect(await queues()).toEqual(["thread:1"]);
  expect(pool.idleCount).toBe(pool.totalCount);
});
