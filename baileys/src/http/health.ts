import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Id } from "@agentlocator/contract";
import type { GatewaySession } from "@agentlocator/contract";
import Router from "@koa/router";
import { z } from "zod";
import type { DeliveryStatus } from "../delivery/index.ts";
import type { Registry } from "../session/registry.ts";
import { parsed } from "./context.ts";

const LOOK_MS = 10_000;
const SLOW_NS = 1e9;

export interface Health {
  /** What is wrong with the process itself; null: nothing. */
  trouble(): Promise<string | null>;
  delivery(businessId: number): DeliveryStatus;
  stop(): void;
}

/** Watches the event loop and whether the storage can be written. */
export function createHealth(
  dir: string,
  delivery: (businessId: number) => DeliveryStatus,
): Health {
  const loop = monitorEventLoopDelay({ resolution: 20 });
  loop.enable();
  let lag = 0;
  const look = setInterval(() => {
    // One pause is no illness.
    lag = loop.percentile(99);
    loop.reset();
  }, LOOK_MS).unref();
  return {
    delivery,
    async trouble() {
      if (lag > SLOW_NS) return "The process is slow.";
      const writable = access(dir, constants.W_OK).then(() => true);
      return (await writable.catch(() => false)) ? null : "The storage can't be written.";
    },
    stop() {
      clearInterval(look);
      loop.disable();
    },
  };
}

const Query = z.object({ businessId: Id.optional() });

/** A business that is not connected does not make the gateway unhealthy. */
export function healthRoutes(registry: Registry, health: Health): Router {
  const more = (session: GatewaySession) => {
    const { waiting, oldest_at } = health.delivery(session.businessId);
    const lag = oldest_at === null ? 0 : Math.max(0, Date.now() - oldest_at);
    const queue = registry.find(session.businessId)?.queue() ?? 0;
    return { ...session, undelivered: waiting, journalLagMs: lag, queue };
  };
  const router = new Router();
  router.get("/health", async (ctx) => {
    const { businessId } = parsed(Query, ctx.query);
    if (businessId !== undefined) {
      ctx.body = more(registry.status(businessId));
      return;
    }
    const trouble = await health.trouble();
    ctx.status = trouble ? 503 : 200;
    const sessions = registry.sessions().map(more);
    ctx.body = { status: trouble ? "failing" : "ok", trouble, sessions };
  });
  return router;
}
