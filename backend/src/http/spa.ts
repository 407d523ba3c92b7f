import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Middleware } from "koa";
import sirv from "sirv";

const PAGES = /^\/(?:login|forgot|reset|setup|calendar|app|app\/.*)?$/;

/**
 * Serves the built single-page application: its files by name, `index.html` for its own pages and
 * for nothing else, so that an unknown address under `/api` or `/webhook` stays a 404.
 */
export function spa(dist: string): Middleware {
  const index = join(dist, "index.html");
  const files = existsSync(index)
    ? sirv(dist, {
        etag: true,
        gzip: true,
        setHeaders: (response, path) => {
          // Vite puts a hash of the content into the names under /assets.
          const forever = path.startsWith("/assets/");
          response.setHeader(
            "Cache-Control",
            forever ? "public, max-age=31536000, immutable" : "no-cache",
          );
        },
      })
    : null;

  return async (ctx, next) => {
    if (ctx.method !== "GET" && ctx.method !== "HEAD") return next();
    if (PAGES.test(ctx.path)) {
      ctx.type = "html";
      ctx.set("Cache-Control", "no-cache");
      ctx.body = await readFile(index);
      return;
    }
    if (!files || /^\/(?:api|webhook|ws|static)(?:\/|$)/.test(ctx.path)) return next();
    const missing = await new Promise<boolean>((resolve) => {
      ctx.res.once("close", () => resolve(false));
      ctx.res.statusCode = 200;
      files(ctx.req, ctx.res, () => resolve(true));
    });
    if (missing) {
      ctx.res.statusCode = 404;
      return next();
    }
    ctx.respond = false;
  };
}
