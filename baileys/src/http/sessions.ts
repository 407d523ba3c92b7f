import { Id } from "@agentlocator/contract";
import Router from "@koa/router";
import { z } from "zod";
import { ProblemError } from "../problem.ts";
import type { Business } from "../session/business.ts";
import { addressee, digitsOf } from "../session/jid.ts";
import type { Registry } from "../session/registry.ts";
import { bodyOf, parsed } from "./context.ts";

const Params = z.object({ businessId: Id });
const PairingCodeAsked = z.object({ phone: z.string().min(3).max(40) });
const Read = z.strictObject({
  messages: z
    .array(z.strictObject({ id: z.string().min(1).max(200), remoteJid: z.string().max(200) }))
    .min(1)
    .max(200),
});
const Typing = z.strictObject({ to: z.string().min(3).max(100), on: z.boolean() });

export function sessionRoutes(registry: Registry): Router {
  const known = async (params: object): Promise<Business> => {
    const business = await registry.known(parsed(Params, params).businessId);
    if (business) return business;
    throw new ProblemError(404, "not_found", "This business has no session here.");
  };
  const router = new Router({ prefix: "/sessions/:businessId" });

  router.post("/", async (ctx) => {
    const business = await registry.ensure(parsed(Params, ctx.params).businessId);
    await business.session.start(true);
    const { state, qr } = business.status();
    ctx.body = { state, qr };
  });

  router.get("/", async (ctx) => {
    const { businessId } = parsed(Params, ctx.params);
    const { detail } = registry.status(businessId);
    // A folder that can't be opened is one all the same, and says why.
    ctx.body = detail ? registry.status(businessId) : (await known(ctx.params)).status();
  });

  router.delete("/", async (ctx) => {
    await (await known(ctx.params)).session.remove();
    ctx.body = { ok: true };
  });

  router.post("/pairing-code", async (ctx) => {
    const { businessId } = parsed(Params, ctx.params);
    const jid = addressee((await bodyOf(ctx, PairingCodeAsked)).phone);
    const digits = jid && digitsOf(jid);
    if (!digits) throw new ProblemError(400, "bad_phone", "This is not a phone number.");
    const { session } = await registry.ensure(businessId);
    ctx.body = { code: await session.pairingCode(digits) };
  });

  router.post("/read", async (ctx) => {
    const business = await known(ctx.params);
    business.read((await bodyOf(ctx, Read)).messages);
    ctx.body = { ok: true };
  });

  router.post("/typing", async (ctx) => {
    const business = await known(ctx.params);
    const { to, on } = await bodyOf(ctx, Typing);
    business.typing(to, on);
    ctx.body = { ok: true };
  });

  return router;
}
