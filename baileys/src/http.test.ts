import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { createGateway } from "./http.ts";

const log = pino({ level: "silent" });
let server: Server | undefined;

async function serve(secret: string | undefined): Promise<string> {
  server = createGateway({ secret, log }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(() => server?.close());

test("the health route asks for nothing", async () => {
  const response = await fetch(`${await serve("shared")}/healthz`);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: "ok" });
});

test.each([
  ["no secret", {}],
  ["an empty secret", { "X-BAILEYS-SECRET": "" }],
  ["a wrong secret", { "X-BAILEYS-SECRET": "Shared" }],
])("everything else answers 401 to %s", async (_, headers) => {
  const base = await serve("shared");
  for (const path of ["/", "/health", "/sessions/1", "/send", "/nothing"]) {
    const response = await fetch(base + path, { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    const body = await response.json();
    expect(body).toMatchObject({ status: 401, title: "Unauthorized" });
    expect(body).toHaveProperty("request_id");
  }
});

test("an empty secret is not shared by having no secret configured", async () => {
  const headers = { "X-BAILEYS-SECRET": "" };
  expect((await fetch(`${await serve(undefined)}/health`, { headers })).status).toBe(401);
});

test("with the secret, what does not exist is a 404 problem", async () => {
  const headers = { "X-BAILEYS-SECRET": "shared" };
  const response = await fetch(`${await serve("shared")}/nothing`, { headers });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ status: 404, title: "Not Found" });
});
