import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDb } from "../../test/database.ts";
import type { TestDb } from "../../test/database.ts";
import { createPool } from "./pool.ts";

let testDb: TestDb;
beforeEach(async () => {
  testDb = await createTestDb();
});
afterEach(() => testDb.drop());

/** A way to the database on which nothing moves any more once it is frozen, and nothing ends. */
async function freezable(to: URL) {
  const sockets = new Set<Socket>();
  let frozen = false;
  const server = createServer((near) => {
    const far = connect(Number(to.port), to.hostname);
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (bytes) => void (frozen || into.write(bytes)));
      from.on("error", () => undefined);
      from.on("close", () => frozen || into.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(to);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    freeze: () => void (frozen = true),
    thaw: () => void (frozen = false),
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test("a database that stops answering without a word is noticed, and found again", async () => {
  const line = await freezable(new URL(testDb.url));
  const knex = createPool(line.url, 2, 300);
  await knex.raw("select 1");
  // Silence without a question is nothing unusual.
  await new Promise((resolve) => setTimeout(resolve, 500));
  await knex.raw("select 1");
  line.freeze();
  await expect(knex.raw("select 1")).rejects.toThrow();
  line.thaw();
  await expect.poll(() => knex.raw("select 1").then(() => "ok", String)).toBe("ok");
  await knex.destroy();
  line.close();
}, 10_000);

test("a slow answer is waited for", async () => {
  const knex = createPool(testDb.url, 2, 2000);
  await knex.raw("select pg_sleep(1)");
  await knex.destroy();
});
