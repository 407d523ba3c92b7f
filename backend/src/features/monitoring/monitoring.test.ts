import pg from "pg";
import { Registry } from "prom-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestBackend } from "../../../test/http.ts";
import type { TestBackend } from "../../../test/http.ts";
import { createDatabase } from "../../db/database.ts";
import { createBus } from "../../platform/bus/index.ts";
import { parseEnv } from "../../platform/env.ts";
import { createMonitoring } from "./index.ts";

let backend: TestBackend;

beforeAll(async () => {
  backend = await createTestBackend();
  await backend.db.inSystem(async ({ trx, enqueue }) => {
    await trx.raw(`
      insert into businesses (name) values ('A');
      insert into calls (call_sid, business_id, from_number, to_number, status, started_at)
        select 'CA' || i, 1, '+972501234567', '+97231234567',
          case when i < 3 then 'fallback' else 'completed' end,
          now() - case when i = 5 then interval '31 minutes' else interval '1 minute' end
        from generate_series(1, 5) i;
      insert into whatsapp_incidents (business_id, reason, closed_at)
        values (1, 'quarantined', null), (1, 'replaced', now());
      insert into threads (business_id, type, provider, peer_number, answer_failing_since)
        values (1, 'whatsapp', 'baileys', '+972501234567', now() - interval '5 minutes'),
          (1, 'whatsapp', 'baileys', '+972501234568', null);
      insert into messages (business_id, thread_id, direction, author, provider, status, created_at)
        select 1, 1, 'out', 'agent', 'baileys', status, now() - age::interval
        from (values ('queued', '1 s'), ('held', '9 m'), ('failed', '9 m'), ('failed', '2 h'),
          ('sent', '1 s')) as m (status, age);
      insert into outbox (business_id, message_id, idempotency_key, body_hash, queued_at, state)
        select 1, id, id::text, '', created_at,
          case when status in ('queued', 'held') then 'trying' else 'done' end
        from messages;
    `);
    await enqueue("works", {});
    await enqueue("later", {}, { run_at: new Date(Date.now() + 60_000) });
    await enqueue("broken", {}, { run_at: new Date(Date.now() - 60_000) });
  });
});
afterAll(() => backend.close());

const basics = { DATABASE_URL: "postgres://x", APP_SECRET: "x".repeat(32), DATA_DIR: "/tmp" };

async function figures(db = backend.db): Promise<Map<string, number>> {
  const { log } = backend;
  const registry = new Registry();
  createMonitoring({
    ...{ registry, log, db, env: parseEnv(basics), pools: { requests: db } },
    bus: createBus({ redis_url: undefined, log }),
    spool: { size: () => ({ items: 7, bytes: 70 }) },
  });
  const lines = (await registry.metrics()).split("\n").filter((line) => /^\w/.test(line));
  return new Map(
    lines.map((line) => {
      const [, name, value] = /^agentlocator_(.+) (\S+)$/.exec(line)!;
      return [name!, Number(value)];
    }),
  );
}

test("what the database knows of the whole service", async () => {
  const now = await figures();
  expect(Object.fromEntries(now)).toMatchObject({
    database_up: 1,
    'calls_recent{status="fallback"}': 2,
    'calls_recent{status="completed"}': 2,
    'whatsapp_incident{business_id="1",reason="quarantined"}': 1,
    'messages_waiting{status="queued"}': 1,
    'messages_waiting{status="held"}': 1,
    messages_not_sent: 1,
    chats_unanswered: 1,
    jobs_waiting: 2,
    spool_items: 7,
  });
  expect(now.get('messages_waiting_seconds{status="held"}')).toBeGreaterThanOrEqual(540);
  expect(now.get("chats_unanswered_seconds")).toBeGreaterThanOrEqual(300);
  expect(now.get("jobs_waiting_seconds")).toBeGreaterThanOrEqual(60);
  expect(now.get("database_bytes")).toBeGreaterThan(1e6);
  expect([...now.keys()].filter((key) => key.startsWith("whatsapp_incident"))).toHaveLength(1);
});

test("this process: its connections, its disk, no Redis, no certificate", async () => {
  const now = await figures();
  expect(now.get('database_connections{pool="requests",state="most"}')).toBe(6);
  expect(now.get('database_connections{pool="requests",state="wanted"}')).toBe(0);
  const free = now.get('disk_free_bytes{volume="data"}')!;
  expect(free).toBeGreaterThan(0);
  expect(now.get('disk_bytes{volume="data"}')).toBeGreaterThanOrEqual(free);
  expect(now.has("redis_up")).toBe(false);
  expect(now.has("certificate_end_timestamp_seconds")).toBe(false);
});

test("a job that was tried as often as it may be", async () => {
  const client = new pg.Client(backend.url);
  await client.connect();
  await client.query(`update graphile_worker._private_jobs j set attempts = max_attempts
    from graphile_worker._private_tasks t where t.id = j.task_id and t.identifier = 'broken'`);
  await client.end();
  const now = await figures();
  expect([...now].filter(([key]) => key.startsWith("jobs_failed"))).toEqual([
    ['jobs_failed{task="broken"}', 1],
  ]);
  expect(now.get("jobs_waiting")).toBe(1);
});

test("a database that is away: said, and nothing made up", async () => {
  const db = createDatabase("postgres://x@127.0.0.1:9/x");
  const now = await figures(db);
  expect(now.get("database_up")).toBe(0);
  expect(now.has("jobs_waiting")).toBe(false);
  expect(now.has("messages_not_sent")).toBe(false);
  expect(now.get("spool_items")).toBe(7);
  await db.close();
});

test("warnings and errors that were logged are counted by their tag", async () => {
  const key = 'log_lines_total{level="warn",tag="REALTIME-ERROR"}';
  const before = (await figures()).get(key) ?? 0;
  backend.log.child({ call_sid: "CA1" }).warn({ detail: "x" }, "[REALTIME-ERROR] away");
  backend.log.info("[REALTIME-ERROR] not a warning");
  backend.log.warn("[REALTIME-ERROR] away again");
  const now = await figures();
  expect(now.get(key)).toBe(before + 2);
  expect([...now.keys()].filter((name) => name.includes('level="info"'))).toEqual([]);
});
