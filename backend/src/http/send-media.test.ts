import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AddressInfo, Server } from "node:net";
import Koa from "koa";
import type { Context } from "koa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ProblemError } from "./problem.ts";
import { sendMedia } from "./send-media.ts";

const bytes = Buffer.from("0123456789");
let dir: string;
let server: Server;
let base: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "agentlocator-media-"));
  await writeFile(join(dir, "a.mp3"), bytes);
  const sources: Record<string, Buffer | string> = {
    "/buffer": bytes,
    "/file": join(dir, "a.mp3"),
    "/gone": join(dir, "gone.mp3"),
    "/empty": Buffer.alloc(0),
  };
  const app = new Koa();
  app.use(async (ctx) => {
    const media = { content_type: "audio/mpeg", etag: '"v1"', cache_control: "private" };
    try {
      await sendMedia(ctx as unknown as Context, { source: sources[ctx.path]!, ...media });
    } catch (error) {
      ctx.status = (error as ProblemError).status;
    }
  });
  await new Promise<void>((listening) => {
    server = app.listen(0, "127.0.0.1", listening);
  });
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await rm(dir, { recursive: true });
});

async function get(path: string, headers: Record<string, string> = {}, method = "GET") {
  // Without it fetch asks for `no-cache`, which asks for the whole.
  const all = { "cache-control": "max-age=0", ...headers };
  const response = await fetch(base + path, { headers: all, method });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe.each(["/buffer", "/file"])("media from a %s", (path) => {
  it("is sent whole, with its type and nothing to be made of it by guessing", async () => {
    const { status, headers, text } = await get(path);
    expect([status, text]).toEqual([200, "0123456789"]);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "audio/mpeg",
      "content-length": "10",
      "accept-ranges": "bytes",
      "cache-control": "private",
      etag: '"v1"',
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
    });
  });

  it("answers HEAD with the same headers and no body", async () => {
    const { status, headers, text } = await get(path, {}, "HEAD");
    expect([status, text]).toEqual([200, ""]);
    expect(headers.get("content-length")).toBe("10");
    expect(headers.get("content-type")).toBe("audio/mpeg");
    const part = await get(path, { range: "bytes=2-4" }, "HEAD");
    expect([part.status, part.headers.get("content-length")]).toEqual([206, "3"]);
  });

  it.each([
    ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-2", 206, "89", "bytes 8-9/10"],
    ["bytes=-99", 206, "0123456789", "bytes 0-9/10"],
    ["bytes=5-99", 206, "56789", "bytes 5-9/10"],
    ["bytes=10-", 416, "", "bytes */10"],
    ["bytes=-0", 416, "", "bytes */10"],
    ["bytes=5-3", 416, "", "bytes */10"],
    ["bytes=0-1,4-5", 200, "0123456789", null],
    ["bytes=-", 200, "0123456789", null],
    ["lines=1-2", 200, "0123456789", null],
  ])("answers Range %s with %i", async (range, status, text, contentRange) => {
    const answer = await get(path, { range });
    expect([answer.status, answer.text]).toEqual([status, text]);
    expect(answer.headers.get("content-range")).toBe(contentRange);
  });

  it("sends nothing that the client has, and the whole when its part is of another version", async () => {
    expect((await get(path, { "if-none-match": '"v1"' })).status).toBe(304);
    expect((await get(path, { "if-none-match": '"v0"' })).status).toBe(200);
    expect((await get(path, { range: "bytes=0-1", "if-range": '"v1"' })).status).toBe(206);
    expect((await get(path, { range: "bytes=0-1", "if-range": '"v0"' })).status).toBe(200);
  });
});

it("answers an empty body and a file that is gone", async () => {
  const empty = await get("/empty");
  expect([empty.status, empty.headers.get("content-length")]).toEqual([200, "0"]);
  expect((await get("/gone")).status).toBe(404);
});
