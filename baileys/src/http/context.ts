import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Middleware } from "koa";
import type { Logger } from "pino";
import type { z } from "zod";
import { ProblemError } from "../problem.ts";

/** What a body may have at most: the longest text, with each of its characters escaped. Bytes. */
const LONGEST_BODY = 512 * 1024;
const REQUEST_ID = /^[\w-]{1,100}$/;

/** Gives each request an id and turns whatever was thrown into problem details. */
export function requests(log: Logger): Middleware {
  return async (ctx, next) => {
    const given = ctx.get("X-Request-Id");
    const request_id = REQUEST_ID.test(given) ? given : randomUUID();
    ctx.set({ "X-Request-Id": request_id, "Cache-Control": "no-store" });
    try {
      await next();
      if (ctx.status === 404 && ctx.body == null) {
        throw new ProblemError(404, "not_found", "This address does not exist.");
      }
      if (ctx.status === 405 || ctx.status === 501) {
        throw new ProblemError(405, "method_not_allowed", "Not a method of this address.");
      }
    } catch (error) {
      const internal = new ProblemError(500, "internal", "The gateway could not answer.");
      const told = error instanceof ProblemError ? error : internal;
      if (told.status >= 500) {
        const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
        log.error({ request_id, path: ctx.path, why }, "[WA-ERROR] request failed");
      }
      ctx.status = told.status;
      ctx.body = JSON.stringify(told.body(request_id));
      ctx.type = "application/problem+json";
    }
  };
}

/** Lets on only who knows the secret; without a configured one, nobody. */
export function withSecret(secret: string | undefined): Middleware {
  return async (ctx, next) => {
    if (!secret || !sameSecret(ctx.get("X-BAILEYS-SECRET"), secret)) {
      throw new ProblemError(401, "unauthorized", "X-BAILEYS-SECRET is missing or wrong.");
    }
    await next();
  };
}

/** Compared as digests: in the same time, whatever the length. */
function sameSecret(offered: string, secret: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(offered), digest(secret));
}

/** The JSON body as the schema wants it. @throws ProblemError 400, 413 */
export async function bodyOf<T>(ctx: { req: IncomingMessage }, schema: z.ZodType<T>): Promise<T> {
  return parsed(schema, await readJson(ctx));
}

/** @throws ProblemError 400 that names what is wrong, and quotes nothing */
export function parsed<T>(schema: z.ZodType<T>, given: unknown): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const wrong = result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new ProblemError(400, "bad_input", wrong.join("; ").slice(0, 500));
}

async function readJson({ req }: { req: IncomingMessage }): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= LONGEST_BODY) chunks.push(chunk);
  }
  if (size > LONGEST_BODY) {
    throw new ProblemError(413, "too_large", "The request body is too large.");
  }
  if (size === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new ProblemError(400, "bad_body", "The request body is not JSON.");
  }
}
