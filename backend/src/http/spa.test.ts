import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Histogram } from "prom-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLog } from "../platform/log.ts";
import { createServer } from "./server.ts";
import type { HttpServer } from "./server.ts";
import { spa } from "./spa.ts";

let folder: string;
let dist: string;
let server: HttpServer;
let port: number;
let base: string;
const script = "console.log('the console')";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spa-"));
  dist = join(folder, "dist");
  await mkdir(join(dist, "assets"), { recursive: true });
  await writeFile(join(folder, "secret.txt"), "secret");
  await writeFile(join(folder, "dist-secret.txt"), "secret");
  await writeFile(join(dist, ".built-from"), "secret");
  await writeFile(join(dist, "index.html"), "<title>console</title>");
  await writeFile(join(dist, "favicon.svg"), "<svg/>");
  await writeFile(join(dist, "assets/app-1.js"), script);
  server = createServer({
    log: createLog("silent"),
    seconds: new Histogram({
      name: "spa",
      help: "-",
      labelNames: ["route", "status"],
      registers: [],
    }),
    trust_proxy: false,
    middleware: [spa(dist) as never],
    sockets: [],
  });
  port = await server.listen(0, "127.0.0.1");
  base = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Sends the request as it is; fetch would tidy the path, and never be content with a 304. */
async function raw(path: string, header = "X: y"): Promise<{ status: number; text: string }> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${header}\r\nConnection: close\r\n\r\n`);
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return { status: Number(text.split(" ")[1]), text };
}

test("the console's own pages are its index, fresh each time", async () => {
  for (const page of ["/", "/login", "/setup", "/calendar", "/app", "/app/calls/CA1"]) {
    const response = await fetch(base + page);
    expect(response.status, page).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("Cache-Control")).toBe("no-cache");
    expect(await response.text()).toContain("console");
    const etag = response.headers.get("ETag")!;
    expect((await raw(page, `If-None-Match: ${etag}`)).status).toBe(304);
  }
});

test("a file is served whole, with its type, to GET and HEAD", async () => {
  for (const headers of [{}, { Range: "bytes=5-1" }, { Range: "bytes=99-" }, { Range: "junk" }]) {
    const response = await fetch(`${base}/assets/app-1.js`, { headers });
    expect(response.status, JSON.stringify(headers)).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("text/javascript; charset=utf-8");
    expect(response.headers.get("Cache-Control")).toContain("immutable");
    expect(await response.text()).toBe(script);
  }
  const head = await fetch(`${base}/assets/app-1.js`, { method: "HEAD" });
  expect(head.headers.get("Content-Length")).toBe(String(script.length));
  expect((await fetch(`${base}/favicon.svg`)).headers.get("Content-Type")).toBe("image/svg+xml");
});

test("nothing but the console's files can be reached", async () => {
  for (const path of [
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/assets/..%2f..%2fsecret.txt",
    "/assets/%2e%2e/%2e%2e/dist-secret.txt",
    "/..\\secret.txt",
    "/%00",
    "/%",
    "/%E0%A4%A",
    "/assets",
    "/assets/",
    "/index.html/x",
    "/.built-from",
    "/assets/%2e%2e/.built-from",
    `/${"x".repeat(5000)}`,
    "/api/x",
    "/static/x",
    "//secret.txt",
  ]) {
    const { status, text } = await raw(path);
    expect(status, path).toBe(404);
    expect(text).toContain("application/problem+json");
    expect(text).not.toContain("secret");
  }
});

test("files that go and come while it serves are missing and there, and nothing fails", async () => {
  await rm(join(dist, "assets/app-1.js"));
  expect((await fetch(`${base}/assets/app-1.js`)).status).toBe(404);
  await writeFile(join(dist, "assets/app-2.js"), script);
  expect((await fetch(`${base}/assets/app-2.js`)).status).toBe(200);
});
