import { Histogram } from "prom-client";
import type { Database } from "../src/db/database.ts";
import { createDatabase } from "../src/db/database.ts";
import { mount } from "../src/http/mount.ts";
import type { Route } from "../src/http/route.ts";
import { createServer } from "../src/http/server.ts";
import type { LoadSession } from "../src/http/session.ts";
import type { Limiter } from "../src/platform/limiter.ts";
import { createLimiter } from "../src/platform/limiter.ts";
import { createLog } from "../src/platform/log.ts";
import type { Logger } from "../src/platform/log.ts";
import { createTestDb } from "./database.ts";

export interface TestBackend {
  /** Of the database, as `DATABASE_URL` has it. */
  readonly url: string;
  readonly db: Database;
  readonly log: Logger;
  /** Each line that was logged, parsed. */
  readonly logged: Record<string, unknown>[];
  readonly limiter: Limiter;
  /** The time of every part that was given this clock; tests move it. */
  readonly clock: { now(): number; advance(ms: number): void };
  /** Serves the routes over real HTTP; the base URL. */
  serve(routes: Route[], loadSession: LoadSession, public_origin?: string): Promise<string>;
  close(): Promise<void>;
}

/** What a feature's routes need to be asked over HTTP, on a database of their own. */
export async function createTestBackend(): Promise<TestBackend> {
  const test_db = await createTestDb();
  const db = createDatabase(test_db.url, { max: 6 });
  const logged: Record<string, unknown>[] = [];
  const log = createLog("debug", { write: (line) => void logged.push(JSON.parse(line)) });
  const limiter = createLimiter();
  const closers: (() => Promise<void>)[] = [];
  let shift = 0;
  return {
    url: test_db.url,
    db,
    log,
    logged,
    limiter,
    clock: { now: () => Date.now() + shift, advance: (ms) => void (shift += ms) },
    async serve(routes, loadSession, public_origin = "http://localhost") {
      const router = mount(routes, { db, loadSession, limiter, public_origin });
      const server = createServer({
        log,
        seconds: new Histogram({
          name: "test_http_seconds",
          help: "Time to answer a request",
          labelNames: ["route", "status"],
          registers: [],
        }),
        trust_proxy: false,
        middleware: [router.routes() as never, router.allowedMethods() as never],
        sockets: [],
      });
      closers.push(() => server.close());
      return `http://127.0.0.1:${await server.listen(0, "127.0.0.1")}`;
    },
    async close() {
      await Promise.all(closers.map((close) => close()));
      await db.close();
      await test_db.drop();
    },
  };
}
