import { statfs } from "node:fs/promises";
import { Counter } from "prom-client";
import type { Registry } from "prom-client";
import type { Database } from "../../db/database.ts";
import type { Bus } from "../../platform/bus/index.ts";
import { within } from "../../platform/deadline.ts";
import type { Env } from "../../platform/env.ts";
import { loggedLines } from "../../platform/log.ts";
import type { Logger } from "../../platform/log.ts";
import type { Spool } from "../../platform/spool.ts";
import { certificateEnd } from "./certificate.ts";
import { readFigures } from "./figures.ts";
import { FROM_FIGURES } from "./from-figures.ts";
import { kept, lookedUp } from "./gauges.ts";
import type { Sample } from "./gauges.ts";

interface Deps {
  registry: Registry;
  env: Env;
  log: Logger;
  db: Database;
  /** By what they are for. */
  pools: Record<string, Pick<Database, "connections">>;
  bus: Bus;
  spool: Pick<Spool, "size">;
}

const FIGURES_MS = 10_000;
const CERTIFICATE_MS = 10 * 60_000;
const ANSWER_MS = 5000;

/** What `/metrics` says beside calls and requests; docs/operations has a page for each alert. */
export function createMonitoring({ registry, env, log, db, pools, bus, spool }: Deps): void {
  const figures = kept(FIGURES_MS, () =>
    within(ANSWER_MS, readFigures(db)).catch((error: unknown) => {
      log.warn({ err: error }, "[DB] what /metrics asks can't be read");
      return null;
    }),
  );
  for (const { read, ...text } of FROM_FIGURES) {
    lookedUp(registry, text, async () => {
      const now = await figures();
      return now ? read(now) : [];
    });
  }
  const database = { name: "database_up", help: "1: the database answers this process" };
  lookedUp(registry, database, async () => [[(await figures()) ? 1 : 0]]);
  const pool = {
    name: "database_connections",
    help: "This process's connections; `wanted` are waited for, `most` is the limit",
    labels: ["pool", "state"],
  };
  lookedUp(registry, pool, () =>
    Object.entries(pools).flatMap(([name, { connections }]) =>
      Object.entries(connections()).map(([state, count]): Sample => [count, { pool: name, state }]),
    ),
  );
  const redis = { name: "redis_up", help: "1: Redis answers this process; nothing without Redis" };
  lookedUp(registry, redis, () => (env.REDIS_URL ? [[bus.state() === "ok" ? 1 : 0]] : []));
  const waiting = { name: "spool_items", help: "Webhooks that wait on the disk for the database" };
  lookedUp(registry, waiting, () => [[spool.size().items]]);
  disk(registry, env.DATA_DIR);
  const ends = kept(CERTIFICATE_MS, () =>
    certificateEnd(env.PUBLIC_BASE_URL, env.CERTIFICATE_ADDRESS),
  );
  const certificate = {
    name: "certificate_end_timestamp_seconds",
    help: "When the certificate of PUBLIC_BASE_URL ends",
  };
  lookedUp(registry, certificate, async () => {
    const end = await ends();
    return end === null ? [] : [[end]];
  });
  new Counter({
    name: "agentlocator_log_lines_total",
    help: "Warnings and errors that were logged, by tag",
    labelNames: ["level", "tag"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { level, tag, lines } of loggedLines()) this.inc({ level, tag }, lines);
    },
  });
}

function disk(registry: Registry, dir: string): void {
  const look = kept(FIGURES_MS, () => statfs(dir).catch(() => null));
  const labels = ["volume"];
  const of = (name: string, help: string, blocks: "bavail" | "blocks") =>
    lookedUp(registry, { name, help, labels }, async () => {
      const found = await look();
      return found ? [[found[blocks] * found.bsize, { volume: "data" }]] : [];
    });
  of("disk_free_bytes", "What may still be written to the volume's disk", "bavail");
  of("disk_bytes", "The volume's disk", "blocks");
}
