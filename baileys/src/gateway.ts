import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import Koa from "koa";
import type { Logger } from "pino";
import { createDelivery } from "./delivery/index.ts";
import type { Delivery } from "./delivery/index.ts";
import type { GatewayEnv } from "./env.ts";
import { createGateway } from "./http/app.ts";
import { createHealth } from "./http/health.ts";
import { createMetrics, metricsRoutes } from "./http/metrics.ts";
import { createAskLeases } from "./leases/ask.ts";
import { createKeeper } from "./leases/keeper.ts";
import { createMediaFetch } from "./media/media.ts";
import { createRegistry } from "./session/registry.ts";
import { verifyStrictly } from "./session/strict-verify.ts";
import { TIMING } from "./session/timing.ts";
import type { Timing } from "./session/timing.ts";
import { whyOf } from "./session/why.ts";
import { within } from "./session/within.ts";
import { openBusiness } from "./storage/index.ts";

/** Of a socket's goodbye at the end of the process; what hangs longer is cut. Milliseconds. */
const GOODBYE_MS = 1500;

/** For opening what is stored, before questions are answered. Milliseconds. */
const OPEN_MS = 10_000;

export interface Gateway {
  readonly server: Server;
  /** Serves `/metrics` alone, to who can reach its port; null without METRICS_PORT. */
  readonly metrics: Server | null;
  /** Brings the stored sessions up; resolves when each has had its first chance. */
  resume(): Promise<void>;
  /** In order, in a few seconds: nothing new, sessions end paired, what was taken is on the disk. */
  stop(): Promise<void>;
}

export interface GatewayParts {
  readonly timing?: Timing;
  readonly openStorage?: typeof openBusiness;
}

/** Puts the gateway together and opens what is stored; nothing listens or connects yet. */
export async function createWhatsappGateway(
  env: GatewayEnv,
  log: Logger,
  { timing = TIMING, openStorage = openBusiness }: GatewayParts = {},
): Promise<Gateway> {
  const { WA_STORAGE_DIR: dir, BAILEYS_WEBHOOK_SECRET: secret, WA_WEB_SOCKET_URL: url } = env;
  const { BAILEYS_WEBHOOK_TARGET: target, WA_VERIFY_SERVER: verify = url ? "false" : "true" } = env;
  const { GATEWAY_URL: gateway_url } = env;
  if (verify === "true") verifyStrictly();
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const delivery = target && secret ? createDelivery({ target, secret, log }) : undelivered();
  if (!target) log.warn("[WA-ERROR] BAILEYS_WEBHOOK_TARGET is not set: events wait on the disk");
  const registry = createRegistry({
    dir,
    secret: env.APP_SECRET,
    leased: gateway_url !== undefined,
    openStorage,
    wire: { url, version: env.WA_VERSION },
    timing,
    delivery,
    fetchMedia: createMediaFetch(target && new URL(target).origin, timing.media),
    log,
  });
  const keeper =
    gateway_url && target && secret
      ? createKeeper({
          ask: createAskLeases({ target, secret, gateway_id: randomUUID(), url: gateway_url }),
          holder: registry,
          goodbye_ms: GOODBYE_MS,
          log,
        })
      : null;
  if (!keeper) {
    await within(OPEN_MS, registry.openAll()).catch((error: unknown) => {
      log.error({ why: whyOf(error) }, "[WA-ERROR] the stored sessions are not open yet");
    });
  }
  const health = createHealth(dir, (id) => delivery.status(id));
  const figures = createMetrics({ dir, registry, delivery: health.delivery });
  const app = createGateway({ secret, registry, health, metrics: figures, log });
  const server = createServer(app.callback());
  const metrics =
    env.METRICS_PORT === undefined
      ? null
      : createServer(new Koa().use(metricsRoutes(figures).routes()).callback());

  return {
    server,
    metrics,
    resume: async () => (keeper ? keeper.start() : registry.resumeAll()),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      metrics?.close();
      metrics?.closeAllConnections();
      const asked = keeper?.stop();
      await delivery.stop();
      await registry.stop(GOODBYE_MS);
      await asked;
      await keeper?.leave();
      health.stop();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Without an address for events, all of them wait. */
const undelivered = (): Delivery => ({
  attach: () => {},
  detach: async () => {},
  status: () => ({ waiting: 0, oldest_at: null, refused: 0 }),
  stop: async () => {},
});
