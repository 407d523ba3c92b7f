import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cuttable } from "../../../lab/e2e/cuttable.ts";
import { createTestDb } from "../../test/database.ts";
import type { TestDb } from "../../test/database.ts";
import { createLog } from "../platform/log.ts";
import { createDatabase } from "./database.ts";
import type { Database } from "./database.ts";
import { startJobs } from "./jobs.ts";

interface Said {
  ready?: boolean;
  began?: string;
  done?: string;
}

const fixture = join(import.meta.dirname, "../../test/fixtures/job-worker.ts");
let testDb: TestDb;
let db: Database;
let business_id: number;
const children: ChildProcess[] = [];

beforeEach(async () => {
  testDb = await createTestDb();
  db = createDatabase(testDb.url);
  business_id = await db.inSystem(async (tx) => {
    const [row] = await tx.trx("businesses").insert({ name: "A" }).returning("id");
    return row.id as number;
  });
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await db.close();
  await testDb.drop();
});

async function pgAsk(sql: string) {
  const client = new pg.Client({ connectionString: testDb.url });
  await client.connect();
  try {
    return await client.query<{ seconds: number }>(sql);
  } finally {
    await client.end();
  }
}

function startWorker(mode: "hang" | "work" | "wait", url = testDb.url) {
  const child = fork(fixture, [url, mode], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  children.push(child);
  const said: Said[] = [];
  child.on("message", (message) => said.push(message as Said));
  const hears = async (wanted: (said: Said) => boolean) => {
    while (!said.some(wanted)) await once(child, "message");
  };
  return { child, said, hears };
}

const note = (text: string) =>
  db.inBusiness(business_id, (tx) => tx.enqueue("note", { text }, { queue: "thread:1" }));

const notes = () =>
  db.inBusiness(business_id, async (tx) => {
    const rows = await tx.trx("contacts").orderBy("id").select("name");
    return rows.map((row) => row.name as string);
  });

test("a job exists exactly if the transaction that caused it commits", async () => {
  await expect(
    db.inBusiness(business_id, async (tx) => {
      await tx.enqueue("note", { text: "never" });
      throw new Error("rolled back");
    }),
  ).rejects.toThrow("rolled back");
  await note("kept");
  const worker = startWorker("work");
  await worker.hears((said) => said.done === "kept");
  expect(await notes()).toEqual(["kept"]);
});

test("a job whose process is killed in the middle is done once after the restart, then the next ones", async () => {
  await note("one");
  await note("two");
  await note("three");
  const doomed = startWorker("hang");
  await doomed.hears((said) => said.began === "one");
  const exited = once(doomed.child, "exit");
  doomed.child.kill("SIGKILL");
  await exited;
  expect(await notes()).toEqual([]);

  const next = startWorker("work");
  await next.hears((said) => said.done === "three");
  expect(await notes()).toEqual(["one", "two", "three"]);
});

test("another process leaves a living one its job, and takes it when that one dies", async () => {
  await note("one");
  const holder = startWorker("hang");
  await holder.hears((said) => said.began === "one");
  const other = startWorker("work");
  await other.hears((said) => said.ready === true);
  expect(await notes()).not.toContain("one");
  holder.child.kill("SIGKILL");
  await other.hears((said) => said.done === "one");
  expect(await notes()).toContain("one");
}, 40_000);

test("a job that ends while the database is away is done again soon, and what waits behind it", async () => {
  const database = new URL(testDb.url);
  const line = await cuttable({ host: database.hostname, port: Number(database.port) });
  database.port = String(line.port);
  await note("one");
  await note("two");
  const worker = startWorker("wait", database.href);
  const began = (text: string, times: number) =>
    worker.hears(() => worker.said.filter((said) => said.began === text).length >= times);
  await worker.hears((said) => said.ready === true);
  await began("one", 1);
  line.cut();
  worker.child.send("done");
  await new Promise((resolve) => setTimeout(resolve, 500));
  line.mend();
  await began("one", 2);
  worker.child.send("done");
  await began("two", 1);
  line.close();
}, 40_000);

test("a job is the business's whose transaction made it, whatever its payload says", async () => {
  await db.inBusiness(business_id, (tx) =>
    tx.enqueue("note", { text: "mine", business_id: business_id + 1 }),
  );
  const worker = startWorker("work");
  await worker.hears((said) => said.done === "mine");
  expect(await notes()).toEqual(["mine"]);
});

test("a job for soon is not put off by a clock that is an hour ahead", async () => {
  const now = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_600_000);
  const run_at = new Date(Date.now() + 1000);
  await db.inBusiness(business_id, (tx) => tx.enqueue("note", { text: "soon" }, { run_at }));
  now.mockRestore();
  const { rows } = await pgAsk(
    "select extract(epoch from run_at - now())::float as seconds from graphile_worker.jobs",
  );
  expect(rows[0]!.seconds).toBeGreaterThan(-30);
  expect(rows[0]!.seconds).toBeLessThan(2);
});

test("a job that was fetched but not begun is given back by an orderly end, unspent", async () => {
  for (const text of ["one", "two"]) {
    await db.inBusiness(business_id, (tx) => tx.enqueue("note", { text }));
  }
  const began = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const note = async () => {
    began.resolve();
    await end.promise;
  };
  const lanes = [{ handlers: { note }, concurrency: 1 }];
  const jobs = await startJobs({ url: testDb.url, log: createLog("silent"), lanes });
  await began.promise;
  const held = async () =>
    (await pgAsk("select 1 from graphile_worker._private_jobs where locked_at is not null")).rows;
  await expect.poll(held).toHaveLength(2);
  const stopped = jobs.stop();
  end.resolve();
  await stopped;
  const { rows } = await pgAsk("select attempts, locked_by from graphile_worker._private_jobs");
  expect(rows).toEqual([{ attempts: 0, locked_by: null }]);
});
