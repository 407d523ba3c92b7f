import type { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDb } from "../../../test/database.ts";
import type { TestDb } from "../../../test/database.ts";
import { createDatabase } from "../../db/database.ts";
import type { Database } from "../../db/database.ts";
import { createBus } from "../../platform/bus/index.ts";
import { createLog } from "../../platform/log.ts";
import { announceEvents, announcePassing } from "./index.ts";
import { openEventStream } from "./stream.ts";
import type { StreamOptions } from "./stream.ts";

const log = createLog("silent");
const bus = createBus({ log });
let testDb: TestDb;
let db: Database;
let ours: number;
let theirs: number;
const open: PassThrough[] = [];

beforeEach(async () => {
  testDb = await createTestDb();
  db = createDatabase(testDb.url, { eventsWritten: (id) => announceEvents(bus, id) });
  [ours, theirs] = await db.inSystem(async (tx) => {
    const rows = await tx
      .trx("businesses")
      .insert([{ name: "A" }, { name: "B" }])
      .returning("id");
    return rows.map((row) => row.id as number) as [number, number];
  });
});

afterEach(async () => {
  for (const stream of open.splice(0)) stream.destroy();
  await db.close();
  await testDb.drop();
});

interface Heard {
  id?: number;
  event: string;
  data: { id?: number; speaking?: string };
}

/** A browser: reads the stream and hands over one event after the other, pings left out. */
function listen(options: Partial<StreamOptions> = {}) {
  const stream = openEventStream(
    { db, bus, log },
    { business_id: ours, after: null, stillAllowed: async () => true, ...options },
  );
  open.push(stream);
  const heard: Heard[] = [];
  let told = () => {};
  let text = "";
  stream.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]),
      );
      if (!fields.event || fields.event === "ping") continue;
      heard.push({
        ...(fields.id && { id: Number(fields.id) }),
        event: fields.event,
        data: JSON.parse(fields.data!) as Heard["data"],
      });
    }
    told();
  });
  const next = async (): Promise<Heard> => {
    while (heard.length === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      told = resolve;
      await promise;
    }
    return heard.shift()!;
  };
  return { stream, next };
}

const write = (business_id: number, id: number) =>
  db.inBusiness(business_id, async (tx) => tx.emit("task", { id }));

test("an event is heard after its transaction commits, with the id to continue from", async () => {
  await write(ours, 1);
  const { next } = listen({ after: 0 });
  const first = await next();
  expect(first).toMatchObject({ event: "task", data: { id: 1 } });
  await write(ours, 2);
  const second = await next();
  expect(second.data).toEqual({ id: 2 });
  expect(second.id).toBeGreaterThan(first.id!);
});

test("a rolled back transaction is never heard", async () => {
  const { next } = listen({ after: 0 });
  await expect(
    db.inBusiness(ours, async (tx) => {
      tx.emit("task", { id: 1 });
      throw new Error("no");
    }),
  ).rejects.toThrow("no");
  await write(ours, 2);
  expect((await next()).data).toEqual({ id: 2 });
});

test("a browser that comes back hears what it has missed, and nothing twice", async () => {
  await write(ours, 1);
  const before = listen({ after: 0 });
  const { id } = await before.next();
  before.stream.destroy();
  await write(ours, 2);
  await write(ours, 3);
  const { next } = listen({ after: id! });
  expect((await next()).data).toEqual({ id: 2 });
  expect((await next()).data).toEqual({ id: 3 });
});

test("a browser that was away too long is told to fetch everything anew", async () => {
  await write(ours, 1);
  const { next } = listen({ after: 999_999_999 });
  const reset = await next();
  expect(reset.event).toBe("reset");
  await write(ours, 2);
  expect((await next()).data).toEqual({ id: 2 });
});

test("another business's events are not heard", async () => {
  const { next } = listen({ after: 0 });
  await write(theirs, 7);
  announcePassing(bus, theirs, { call_sid: "CA0", speaking: "caller" });
  await write(ours, 1);
  expect((await next()).data).toEqual({ id: 1 });
});

test("passing events carry no id, so that a replay does not depend on them", async () => {
  const { next, stream } = listen({ after: 0 });
  await write(ours, 1);
  await next();
  announcePassing(bus, ours, { call_sid: "CA0", speaking: "caller" });
  const passing = await next();
  expect(passing).toEqual({ event: "call", data: { call_sid: "CA0", speaking: "caller" } });
  stream.destroy();
});

test("events of transactions that overlap are all heard, in the order of their ids", async () => {
  const { next } = listen({ after: 0 });
  await Promise.all(Array.from({ length: 40 }, (_, i) => write(ours, i + 1)));
  const heard = [];
  for (let i = 0; i < 40; i++) heard.push(await next());
  const ids = heard.map((event) => event.id!);
  expect(ids).toEqual([...ids].toSorted((a, b) => a - b));
  expect(new Set(heard.map((event) => event.data.id)).size).toBe(40);
});

test("the stream ends when its session does", async () => {
  const { stream } = listen({ ping_ms: 20, stillAllowed: async () => false });
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.on("end", resolve);
  await promise;
  expect(stream.readableEnded).toBe(true);
});

test("nothing is told to a session that has ended, not even until the next ping", async () => {
  let allowed = true;
  const { next, stream } = listen({ after: 0, stillAllowed: async () => allowed });
  await write(ours, 1);
  expect((await next()).data).toEqual({ id: 1 });
  allowed = false;
  const ended = new Promise((resolve) => stream.on("end", resolve));
  const late = next();
  await write(ours, 2);
  await ended;
  // What comes after the end of a stream has nowhere to go, and that is no error.
  announcePassing(bus, ours, { call_sid: "CA0", speaking: "caller" });
  await write(ours, 3);
  expect(await Promise.race([late, new Promise((done) => setTimeout(done, 50, "nothing"))])).toBe(
    "nothing",
  );
});
