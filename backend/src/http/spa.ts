import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { extname, join, resolve, sep } from "node:path";
import type { Middleware, ParameterizedContext } from "koa";

const PAGES = /^\/(?:login|forgot|reset|setup|calendar|app|app\/.*)?$/;
const NOT_OURS = /^\/(?:api|webhook|ws|static)(?:\/|$)/;

/** What a path that names no file of ours makes the file system say. */
const NO_FILE = new Set([
  "ENOENT",
  "ENOTDIR",
  "EISDIR",
  "ENAMETOOLONG",
  "ERR_INVALID_ARG_VALUE", // a NUL in it
]);

/**
 * Serves the built single-page application: its files by name, `index.html` for its own pages and
 * for nothing else, so that an unknown address under `/api` or `/webhook` stays a 404. Each file is
 * read when it is asked for: a console that is built anew is served at once, and a file that is
 * gone is a 404 like any other.
 */
export function spa(dist: string): Middleware {
  const root = resolve(dist);
  return async (ctx, next) => {
    if (ctx.method !== "GET" && ctx.method !== "HEAD") return next();
    const file = PAGES.test(ctx.path) ? join(root, "index.html") : fileOf(root, ctx.path);
    const content = file && (await contentOf(file));
    if (!content) return next();
    send(ctx, file, content);
  };
}

/** The file that a path names; null for one outside of `root`, and for hidden ones. */
function fileOf(root: string, path: string): string | null {
  if (NOT_OURS.test(path)) return null;
  try {
    const file = join(root, decodeURIComponent(path));
    const inside = file.startsWith(root + sep);
    return inside && !file.slice(root.length).includes(`${sep}.`) ? file : null;
  } catch {
    return null;
  }
}

async function contentOf(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if (NO_FILE.has((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}

function send(ctx: ParameterizedContext, file: string, content: Buffer): void {
  ctx.status = 200;
  ctx.type = extname(file);
  // Vite puts a hash of the content into the names under /assets.
  const forever = ctx.path.startsWith("/assets/");
  ctx.set("Cache-Control", forever ? "public, max-age=31536000, immutable" : "no-cache");
  ctx.etag = createHash("sha256").update(content).digest("base64url").slice(0, 22);
  if (ctx.fresh) ctx.status = 304;
  else ctx.body = content;
}
