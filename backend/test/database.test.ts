import { connect } from "node:net";
import { text } from "node:stream/consumers";
import pg from "pg";
import { expect, test } from "vitest";
import { createTestDb } from "./database.ts";
import { startRedis } from "./redis.ts";

async function withClient<T>(url: string, run: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

test("each test database has the product's tables and nobody else's rows", async () => {
  const [one, two] = await Promise.all([createTestDb(), createTestDb()]);
  const tables = (client: pg.Client) =>
    client.query(
      "select 1 from pg_tables where schemaname = 'public' and tablename = 'businesses'",
    );
  expect((await withClient(one.url, tables)).rowCount).toBe(1);
  await withClient(one.url, (client) => client.query("create table only_here ()"));
  const found = "select to_regclass('only_here') as found";
  expect((await withClient(two.url, (client) => client.query(found))).rows).toEqual([
    { found: null },
  ]);
  await Promise.all([one.drop(), two.drop()]);
  await expect(withClient(one.url, tables)).rejects.toThrow(/does not exist/);
});

async function ping(port: number): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.end("PING\r\n");
  return (await text(socket)).trim();
}

test("a Redis of one's own answers, is gone afterwards, and comes back on its port", async () => {
  const redis = await startRedis();
  expect(await ping(redis.port)).toBe("+PONG");
  await redis.stop();
  await expect(ping(redis.port)).rejects.toThrow(/ECONNREFUSED/);
  const brought_back = await startRedis(redis.port);
  expect(await ping(redis.port)).toBe("+PONG");
  await brought_back.stop();
});
