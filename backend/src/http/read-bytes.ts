import type { Context } from "koa";
import { problem } from "./problem.ts";

/**
 * The request's body as it came.
 * @throws the 413 problem when there are more than `max` bytes, 400 when they break off
 */
export async function readBytes(ctx: Context, max: number): Promise<Buffer> {
  const tooLarge = () => {
    // What still comes is not read.
    ctx.set("Connection", "close");
    return problem(413, "too_large", `There must be at most ${max} bytes.`);
  };
  if (Number(ctx.get("Content-Length")) > max) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // The answer has to go out by the same connection.
    for await (const chunk of ctx.req.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length;
      if (size > max) break;
      chunks.push(chunk as Buffer);
    }
  } catch {
    throw problem(400, "bad_body", "The request body broke off.");
  }
  if (size > max) throw tooLarge();
  return Buffer.concat(chunks);
}
