import { statfs } from "node:fs/promises";
import Router from "@koa/router";
import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { DeliveryStatus } from "../delivery/index.ts";
import type { Registry as Sessions } from "../session/registry.ts";
import { loggedLines } from "../log-lines.ts";

export interface MetricsDeps {
  /** WA_STORAGE_DIR */
  readonly dir: string;
  readonly registry: Sessions;
  readonly delivery: (businessId: number) => DeliveryStatus;
}

type Sample = [value: number, labels: Record<string, string>];

/** Prometheus text: the process, and each business's session. */
export function createMetrics({ dir, registry, delivery }: MetricsDeps): Registry {
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });

  const gauge = (
    name: string,
    help: string,
    labelNames: string[],
    read: () => Sample[] | Promise<Sample[]>,
  ) =>
    new Gauge({
      ...{ name: `agentlocator_${name}`, help, labelNames, registers: [metrics] },
      async collect() {
        const samples = await read();
        this.reset();
        for (const [value, labels] of samples) this.set(labels, value);
      },
    });
  const ofEach = (name: string, help: string, read: (businessId: number) => number) =>
    gauge(name, help, ["business_id"], () =>
      registry
        .sessions()
        .map(({ businessId }) => [read(businessId), { business_id: String(businessId) }]),
    );

  gauge(
    "gateway_session",
    "1: the state of this business's session, and why",
    ["business_id", "state", "reason"],
    () =>
      registry.sessions().map(({ businessId, state, reason }) => {
        return [1, { business_id: String(businessId), state, reason: reason ?? "" }];
      }),
  );
  gauge(
    "gateway_last_frame_timestamp_seconds",
    "When WhatsApp last said anything in this business's session",
    ["business_id"],
    () =>
      registry.sessions().flatMap(({ businessId, lastSeen }) => {
        if (lastSeen === null) return [];
        const sample: Sample = [Date.parse(lastSeen) / 1000, { business_id: String(businessId) }];
        return [sample];
      }),
  );
  ofEach("gateway_reconnects_failed", "Reconnects that failed in a row", (id) => {
    return registry.find(id)?.status().attempt ?? 0;
  });
  ofEach("gateway_journal_entries", "Events on the disk that the backend has not taken", (id) => {
    return delivery(id).waiting;
  });
  ofEach("gateway_journal_refused", "Of these, refused by the backend", (id) => {
    return delivery(id).refused;
  });
  ofEach("gateway_journal_seconds", "How long the oldest of these has been waiting", (id) => {
    const { oldest_at } = delivery(id);
    return oldest_at === null ? 0 : Math.max(0, Date.now() - oldest_at) / 1000;
  });
  ofEach("gateway_sends_waiting", "Messages that WhatsApp has not taken", (id) => {
    return registry.find(id)?.queue() ?? 0;
  });

  const volume = { volume: "whatsapp" };
  const disk = (name: string, help: string, blocks: "bavail" | "blocks") =>
    gauge(name, help, ["volume"], async () => {
      const found = await statfs(dir).catch(() => null);
      return found ? [[found[blocks] * found.bsize, volume]] : [];
    });
  disk("disk_free_bytes", "What may still be written to the volume's disk", "bavail");
  disk("disk_bytes", "The volume's disk", "blocks");
  new Counter({
    name: "agentlocator_log_lines_total",
    help: "Warnings and errors that were logged, by tag",
    labelNames: ["level", "tag"],
    registers: [metrics],
    collect() {
      this.reset();
      for (const { level, tag, lines } of loggedLines()) this.inc({ level, tag }, lines);
    },
  });
  return metrics;
}

/** `GET /metrics`; behind the secret, or on a port of its own. */
export function metricsRoutes(metrics: Registry): Router {
  const router = new Router();
  router.get("/metrics", async (ctx) => {
    ctx.type = metrics.contentType;
    ctx.body = await metrics.metrics();
  });
  return router;
}
