import bodyParser from "@koa/bodyparser";
import type { Histogram } from "prom-client";
import type { Context, Middleware, Next } from "koa";
import type { Logger } from "../platform/log.ts";
import { requestId } from "./mount.ts";
import { notFound, problem, ProblemError, problemBody } from "./problem.ts";

/** Gives each request an id, times it, and turns whatever was thrown into problem details. */
export function requests(log: Logger, seconds: Histogram): Middleware {
  return async (ctx, next) => {
    const started = performance.now();
    const request_id = requestId(ctx.get("X-Request-Id"));
    ctx.state.request_id = request_id;
    ctx.set("X-Request-Id", request_id);
    try {
      await next();
      if (ctx.status === 404 && ctx.body == null) throw notFound();
      if (ctx.status === 405 || ctx.status === 501) {
        throw problem(405, "method_not_allowed", "This address does not take that method.");
      }
    } catch (error) {
      answerProblem(ctx as unknown as Context, error, request_id, log);
    }
    const took = (performance.now() - started) / 1000;
    seconds.observe({ route: ctx.state.route ?? "other", status: String(ctx.status) }, took);
  };
}

function answerProblem(ctx: Context, error: unknown, request_id: string, log: Logger): void {
  const { status, body } = problemBody(error, request_id);
  if (status >= 500) log.error({ err: error, request_id, path: ctx.path }, "[HTTP] request failed");
  if (error instanceof ProblemError) ctx.set(error.headers);
  ctx.status = status;
  ctx.set("Cache-Control", "no-store");
  ctx.body = JSON.stringify(body);
  ctx.type = "application/problem+json";
}

/** Reads JSON and form bodies up to 1 MB, keeping the raw bytes for signatures. */
export function bodies(): Middleware {
  return bodyParser({
    enableTypes: ["json", "form"],
    jsonLimit: "1mb",
    formLimit: "256kb",
    encoding: "utf-8",
    onError(error) {
      throw unreadable(error);
    },
  }) as unknown as Middleware;
}

/** Whatever is wrong with a body is the client's: too large, not JSON, broken compression. */
function unreadable(error: Error & { status?: number }): ProblemError {
  const { status = 400 } = error;
  if (status === 413) return problem(413, "too_large", "The request body is too large.");
  return problem(status, "bad_body", "The request body can't be read.");
}

const CSP = [
  "default-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  // Vuetify writes its theme's colours into a style element.
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** Headers that tell browsers what this origin never does. */
export async function securityHeaders(ctx: Context, next: Next): Promise<void> {
  ctx.set({
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
  });
  await next();
}
