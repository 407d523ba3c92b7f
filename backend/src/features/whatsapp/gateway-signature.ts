import { createHmac, timingSafeEqual } from "node:crypto";
import type { Context } from "koa";
import { problem } from "../../http/problem.ts";

/**
 * Checks that who sent this knows the secret that the gateway and the backend share:
 * `X-BAILEYS-SIGNATURE` is the hex HMAC-SHA256 of the raw body with it, or, in a hand-made request,
 * `X-BAILEYS-SECRET` is the secret itself.
 * @returns the raw body
 * @throws 403, also when no secret is configured
 */
export function signedByGateway(ctx: Context, secret: string | undefined): string {
  const raw = (ctx.request as { rawBody?: string }).rawBody ?? "";
  const signature = ctx.get("X-BAILEYS-SIGNATURE");
  if (secret !== undefined) {
    const expected = createHmac("sha256", secret).update(raw).digest("hex");
    if (signature && same(signature.toLowerCase(), expected)) return raw;
    if (!signature && same(ctx.get("X-BAILEYS-SECRET"), secret)) return raw;
  }
  throw problem(403, "bad_signature", "X-BAILEYS-SIGNATURE does not match.");
}

/** In a time that tells nothing of where they differ. */
function same(given: string, expected: string): boolean {
  const digest = (text: string) => createHmac("sha256", "compare").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
