import { timingSafeEqual } from "node:crypto";
import type { Context } from "koa";
import { problem } from "./problem.ts";
import type { Route } from "./route.ts";
import type { Session } from "./session.ts";

/**
 * Refuses a state-changing request that another site may have made in the browser's name: a foreign
 * `Origin`, a body that a plain form could send, or, once signed in, a missing `X-CSRF-Token`.
 * Without a session there is no authority to abuse, so login and setup need no token.
 */
export function checkCsrf(
  ctx: Context,
  route: Route,
  session: Session | null,
  publicOrigin: string,
): void {
  const origin = ctx.get("Origin");
  if (origin && origin !== publicOrigin && hostOf(origin) !== ctx.host) {
    throw problem(403, "foreign_origin", "This request comes from another site.");
  }
  // No plain form can send either of them.
  if (route.takes_file && hasBody(ctx) && !ctx.is("application/octet-stream")) {
    throw problem(415, "not_bytes", "Send the file as application/octet-stream.");
  }
  if (!route.takes_file && hasBody(ctx) && !ctx.is("json")) {
    throw problem(415, "not_json", "Send the body as application/json.");
  }
  if (!session || "public" in route.access) return;
  const given = Buffer.from(ctx.get("X-CSRF-Token"));
  const wanted = Buffer.from(session.csrf_token);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw problem(403, "csrf", "The X-CSRF-Token header is missing or wrong; reload the page.");
  }
}

/** Also when it comes in chunks, of no length that was told. */
function hasBody(ctx: Context): boolean {
  return ctx.get("Transfer-Encoding") !== "" || Number(ctx.get("Content-Length")) > 0;
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
