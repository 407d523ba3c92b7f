import Router from "@koa/router";
import Koa from "koa";
import type { Logger } from "pino";
import { requests, withSecret } from "./context.ts";
import { healthRoutes } from "./health.ts";
import type { Health } from "./health.ts";
import { mediaRoutes } from "./media.ts";
import { metricsRoutes } from "./metrics.ts";
import { sendRoutes } from "./send.ts";
import { sessionRoutes } from "./sessions.ts";
import type { Registry as Metrics } from "prom-client";
import type { Registry } from "../session/registry.ts";

export interface GatewayDeps {
  /** Shared with the backend; without one nothing but the health route is served. */
  readonly secret: string | undefined;
  readonly registry: Registry;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** The gateway's HTTP side: `GET /healthz` for everybody, the rest for who knows the secret. */
export function createGateway({ secret, registry, health, metrics, log }: GatewayDeps): Koa {
  const app = new Koa();
  app.silent = true;
  // What is left when the answer has begun: most of all, clients that went away.
  app.on("error", (error: Error) => log.debug({ why: error.message }, "[WA] an answer broke off"));
  app.use(requests(log));

  const open = new Router();
  open.get("/healthz", (ctx) => {
    ctx.body = { status: "ok" };
  });
  app.use(open.routes());
  app.use(withSecret(secret));
  for (const routes of [
    healthRoutes(registry, health),
    sessionRoutes(registry),
    sendRoutes(registry),
    mediaRoutes(registry),
    metricsRoutes(metrics),
  ]) {
    app.use(routes.routes()).use(routes.allowedMethods());
  }
  return app;
}
