import { GatewaySend, Id } from "@agentlocator/contract";
import Router from "@koa/router";
import { z } from "zod";
import { notConnected, ProblemError } from "../problem.ts";
import type { Registry } from "../session/registry.ts";
import { bodyOf, parsed } from "./context.ts";

const Params = z.object({ businessId: Id, idempotencyKey: z.string().min(1).max(200) });

export function sendRoutes(registry: Registry): Router {
  const router = new Router({ prefix: "/send" });

  router.post("/", async (ctx) => {
    const message = await bodyOf(ctx, GatewaySend);
    const business = await registry.known(message.businessId);
    if (!business) throw notConnected();
    const { messageId } = await business.send(message);
    ctx.body = { ok: true, messageId };
  });

  router.get("/:businessId/:idempotencyKey", async (ctx) => {
    const { businessId, idempotencyKey } = parsed(Params, ctx.params);
    const found = (await registry.known(businessId))?.sendState(idempotencyKey);
    if (!found) throw new ProblemError(404, "not_found", "No such message was taken here.");
    const { messageId, state, error } = found;
    ctx.body = { messageId, state, error };
  });

  router.delete("/:businessId/:idempotencyKey", async (ctx) => {
    const { businessId, idempotencyKey } = parsed(Params, ctx.params);
    // Also a message that has not come yet: it is refused when it comes.
    const business = await registry.ensure(businessId);
    ctx.body = { cancelled: await business.cancelSend(idempotencyKey) };
  });

  return router;
}
