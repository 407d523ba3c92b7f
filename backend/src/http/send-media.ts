import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Context } from "koa";
import { notFound } from "./problem.ts";

export interface Media {
  /** The bytes themselves, or the path of a file with them. */
  source: Buffer | string;
  content_type: string;
  /** Quoted, e.g. `"a1b2"`. */
  etag: string;
  cache_control: string;
}

/**
 * Answers GET and HEAD with a recording or picture: conditional requests, one byte range, and
 * headers that keep a browser from taking it for anything else than what it is.
 * @throws the 404 problem when the file is gone
 */
export async function sendMedia(ctx: Context, media: Media): Promise<void> {
  const size = await sizeOf(media.source);
  ctx.status = 200;
  ctx.set({
    "Content-Type": media.content_type,
    "Cache-Control": media.cache_control,
    ETag: media.etag,
    "Accept-Ranges": "bytes",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
  });
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  const range = rangeOf(ctx, media.etag, size);
  if (range === "unsatisfiable") {
    ctx.status = 416;
    ctx.set("Content-Range", `bytes */${size}`);
    ctx.body = "";
    return;
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  if (range) {
    ctx.status = 206;
    ctx.set("Content-Range", `bytes ${start}-${end}/${size}`);
  }
  if (ctx.method === "HEAD" || size === 0) ctx.body = "";
  else if (typeof media.source !== "string") ctx.body = media.source.subarray(start, end + 1);
  else ctx.body = createReadStream(media.source, { start, end });
  // Koa sets its own type and length from the body.
  ctx.set("Content-Type", media.content_type);
  ctx.length = end - start + 1;
}

async function sizeOf(source: Buffer | string): Promise<number> {
  if (typeof source !== "string") return source.length;
  try {
    return (await stat(source)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw notFound("This recording");
    throw error;
  }
}

/** The range asked for; undefined for the whole, as for several ranges and for other units. */
function rangeOf(ctx: Context, etag: string, size: number) {
  const ifRange = ctx.get("If-Range");
  const match = /^bytes=(\d*)-(\d*)$/.exec(ctx.get("Range"));
  if (!match || (ifRange && ifRange !== etag)) return undefined;
  const [, from, to] = match as unknown as [string, string, string];
  if (!from && !to) return undefined;
  const start = from ? Number(from) : Math.max(size - Number(to), 0);
  const end = from && to ? Math.min(Number(to), size - 1) : size - 1;
  return start > end ? "unsatisfiable" : { start, end };
}
