import { Id } from "@agentlocator/contract";
import Router from "@koa/router";
import { z } from "zod";
import { ProblemError } from "../problem.ts";
import { DownloadError } from "../media/download.ts";
import type { Registry } from "../session/registry.ts";
import { parsed } from "./context.ts";

/** Each is in memory as a whole. */
const AT_ONCE = 4;
const Params = z.object({ businessId: Id, ref: z.string().min(1).max(300) });
const MIMETYPE = /^[\w.+-]+\/[\w.+-]+(; ?[\w.+-]+=[\w.+-]+)*$/;

const STATUS: Record<DownloadError["reason"], number> = {
  gone: 410,
  too_large: 413,
  refused: 410,
  network: 502,
};

export function mediaRoutes(registry: Registry): Router {
  const router = new Router({ prefix: "/media" });
  let busy = 0;

  router.get("/:businessId/:ref", async (ctx) => {
    const { businessId, ref } = parsed(Params, ctx.params);
    const business = await registry.known(businessId);
    if (!business) throw new ProblemError(404, "not_found", "This media is not known.");
    if (busy >= AT_ONCE) throw new ProblemError(503, "busy", "Too much media is being fetched.");
    busy += 1;
    try {
      const { bytes, mimetype } = await business.media(ref);
      ctx.set("X-Content-Type-Options", "nosniff");
      ctx.body = bytes;
      // The sender chose it.
      ctx.type = MIMETYPE.test(mimetype) ? mimetype : "application/octet-stream";
    } catch (error) {
      if (!(error instanceof DownloadError)) throw error;
      throw new ProblemError(STATUS[error.reason], "media", error.message);
    } finally {
      busy -= 1;
    }
  });

  return router;
}
