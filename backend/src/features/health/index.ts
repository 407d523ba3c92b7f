import { Gauge } from "prom-client";
import type { Registry } from "prom-client";
import { z } from "zod";
import type { Database } from "../../db/database.ts";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import { notFound } from "../../http/problem.ts";
import { within } from "../../platform/deadline.ts";
import type { Bus } from "../../platform/bus/index.ts";
import type { Env } from "../../platform/env.ts";
import { isPublicAddress } from "../../platform/public-address.ts";
import { cached, probe } from "./probes.ts";
import type { Health } from "./probes.ts";

interface Deps {
  db: Database;
  bus: Bus;
  env: Env;
  version: string;
  metrics: Registry;
  tts: () => Health;
  /** Addresses of the WhatsApp gateways that there are. */
  gateways: () => Promise<string[]>;
  /** false once an orderly shutdown has begun: no new work should be sent here. */
  accepting: () => boolean;
}

const Status = z.enum(["ok", "disabled", "down"]);
const Ready = z.object({
  status: z.enum(["ready", "not_ready"]),
  db: Status,
  redis: Status,
  baileys: Status,
  openai: Status,
  tts: Status,
  twilio: Status,
});
const Version = z.object({
  app: z.string(),
  version: z.string(),
  commit: z.string(),
  build_time: z.string(),
  deploy_id: z.string(),
  ts: z.iso.datetime(),
});

const reason = "asked by load balancers, container health checks and monitoring";

/** Liveness, readiness, version and metrics. */
export function healthRoutes(deps: Deps): Route[] {
  const { db, bus, env, version, metrics } = deps;
  const checks = providerChecks(env, deps.gateways);
  showProviders(metrics, { ...checks, tts: async () => deps.tts() });

  const live = ["/healthz", "/livez", "/health/live"].map((path, i) =>
    defineRoute({
      id: `live${i || ""}`,
      method: "get",
      path,
      summary: "The process serves",
      access: { public: reason },
      response: z.object({ status: z.literal("ok") }),
      handler: async () => ({ status: "ok" as const }),
    }),
  );

  const ready = ["/readyz", "/health/ready"].map((path, i) =>
    defineRoute({
      id: `ready${i || ""}`,
      method: "get",
      path,
      summary: "Whether calls and messages can be served, and the state of each part",
      access: { public: reason },
      response: Ready,
      handler: async ({ ctx }) => {
        const [database, baileys, openai, twilio] = await Promise.all([
          within(2000, db.ping()).then(
            () => "ok" as const,
            () => "down" as const,
          ),
          checks.baileys(),
          checks.openai(),
          checks.twilio(),
        ]);
        const redis: Health = env.REDIS_URL ? bus.state() : "disabled";
        const ok = database === "ok" && redis !== "down" && deps.accepting();
        if (!ok) ctx.status = 503;
        return {
          status: ok ? ("ready" as const) : ("not_ready" as const),
          db: database,
          redis,
          baileys,
          openai,
          tts: deps.tts(),
          twilio,
        };
      },
    }),
  );

  const versionRoute = defineRoute({
    id: "version",
    method: "get",
    path: "/version",
    summary: "What is running",
    access: { public: reason },
    response: Version,
    handler: async () => ({
      app: "agentlocator",
      version,
      commit: env.GIT_COMMIT,
      build_time: env.BUILD_TIME,
      deploy_id: env.DEPLOY_ID,
      ts: new Date().toISOString(),
    }),
  });

  const metricsRoute = defineRoute({
    id: "metrics",
    method: "get",
    path: "/metrics",
    summary: "Prometheus text; not reachable through the proxy",
    access: { public: "only within the machine or its private network" },
    response: { raw: "text/plain" },
    handler: async ({ ctx }) => {
      // Without a proxy that keeps this path to itself, the internet would ask here directly.
      const forwarded = ctx.get("X-Forwarded-For") !== "";
      // A socket for both families names an IPv4 peer in IPv6's way.
      const peer = (ctx.req.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
      if (forwarded || isPublicAddress(peer)) throw notFound();
      ctx.type = metrics.contentType;
      ctx.body = await metrics.metrics();
    },
  });

  return [...live, ...ready, versionRoute, metricsRoute];
}

/** `agentlocator_provider_up`: 1 or 0; nothing for a provider that is off. */
function showProviders(registry: Registry, checks: Record<string, () => Promise<Health>>): void {
  new Gauge({
    name: "agentlocator_provider_up",
    help: "1: the provider answers; nothing for one without its keys",
    labelNames: ["provider"],
    registers: [registry],
    async collect() {
      const states = await Promise.all(
        Object.entries(checks).map(async ([provider, check]) => ({
          provider,
          state: await check(),
        })),
      );
      this.reset();
      for (const { provider, state } of states) {
        if (state !== "disabled") this.set({ provider }, state === "ok" ? 1 : 0);
      }
    },
  });
}

/** The providers' states, asked at most every half minute. */
function providerChecks(env: Env, gateways: Deps["gateways"]) {
  const check = (enabled: boolean, url: () => string, headers: () => Record<string, string>) =>
    cached(30_000, async () => (enabled ? probe(url(), headers()) : "disabled"));
  return {
    baileys: cached(5000, async () => {
      const { BAILEYS_OUTBOUND_URL, GATEWAY_LEASE_SECONDS, BAILEYS_WEBHOOK_SECRET: secret } = env;
      if (!BAILEYS_OUTBOUND_URL && GATEWAY_LEASE_SECONDS === undefined) return "disabled";
      const urls = await gateways().catch(() => []);
      // With the secret it says more: whether the secret fits, and whether it can do its work.
      const asked = urls.map((url) =>
        secret ? probe(`${url}/health`, { "X-BAILEYS-SECRET": secret }) : probe(`${url}/healthz`),
      );
      const told = await Promise.all(asked);
      return told.length > 0 && told.every((one) => one === "ok") ? "ok" : "down";
    }),
    openai: check(
      env.OPENAI_API_KEY !== undefined,
      () => `${env.OPENAI_BASE_URL}/models`,
      () => ({ Authorization: `Bearer ${env.OPENAI_API_KEY}` }),
    ),
    twilio: check(
      env.TWILIO_ACCOUNT_SID !== undefined && env.TWILIO_AUTH_TOKEN !== undefined,
      () => `${env.TWILIO_API_BASE_URL}/2010-04-01/Accounts/${env.TWILIO_ACCOUNT_SID}.json`,
      () => {
        const pair = `${env.TWILIO_ACCOUNT_SID}:${env.TWILIO_AUTH_TOKEN}`;
        return { Authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
      },
    ),
  };
}
