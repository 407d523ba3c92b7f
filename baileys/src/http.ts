import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Problem } from "@agentlocator/contract";
import Router from "@koa/router";
import Koa from "koa";
import type { Context, Next } from "koa";
import type { Logger } from "pino";

/** RFC 9457 problem details, as everywhere in the product. */
function problem(ctx: Context, status: number, id: string, detail: string): void {
  ctx.status = status;
  const body: Problem = {
    type: `urn:agentlocator:${id}`,
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail,
    request_id: randomUUID(),
  };
  ctx.body = body;
  ctx.type = "application/problem+json";
}

/** Compared as digests: in the same time, whatever the length. */
function sameSecret(offered: string, secret: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(offered), digest(secret));
}

export interface GatewayDeps {
  /** Shared with the backend; without one nothing but the health route is served. */
  readonly secret: string | undefined;
  readonly log: Logger;
}

/** The gateway's HTTP side: `GET /healthz` for everybody, the rest for who knows the secret. */
export function createGateway({ secret, log }: GatewayDeps): Koa {
  const app = new Koa();
  app.silent = true;
  app.on("error", (error: Error) => log.error({ err: error }, "[WA-ERROR] request failed"));

  app.use(async (ctx: Context, next: Next) => {
    try {
      await next();
      if (ctx.status === 404 && !ctx.body) {
        problem(ctx, 404, "not_found", "This address does not exist.");
      }
    } catch (error) {
      problem(ctx, 500, "internal", "The gateway could not answer.");
      ctx.app.emit("error", error, ctx);
    }
  });

  const open = new Router();
  open.get("/healthz", (ctx) => {
    ctx.body = { status: "ok" };
  });
  app.use(open.routes());

  app.use(async (ctx: Context, next: Next) => {
    const offered = ctx.get("X-BAILEYS-SECRET");
    if (!secret || !sameSecret(offered, secret)) {
      problem(ctx, 401, "unauthorized", "X-BAILEYS-SECRET is missing or wrong.");
      return;
    }
    await next();
  });
  return app;
}
