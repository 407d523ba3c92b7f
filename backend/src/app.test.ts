import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDb } from "../test/database.ts";
import type { TestDb } from "../test/database.ts";
import { startApp } from "./app.ts";
import type { App } from "./app.ts";
import { parseEnv } from "./platform/env.ts";
import { createLog } from "./platform/log.ts";

let testDb: TestDb;
let data_dir: string;
let app: App;
let url: string;

beforeAll(async () => {
  testDb = await createTestDb();
  data_dir = await mkdtemp(join(tmpdir(), "app-"));
  const env = parseEnv({
    DATABASE_URL: testDb.url,
    DATA_DIR: data_dir,
    PORT: "0",
    HOST: "127.0.0.1",
    APP_SECRET: "0123456789abcdef0123456789abcdef",
    GIT_COMMIT: "abc1234",
  });
  app = await startApp(env, createLog("silent"));
  url = `http://127.0.0.1:${app.port}`;
});

afterAll(async () => {
  await app.close();
  await testDb.drop();
  await rm(data_dir, { recursive: true, force: true });
});

test("the committed OpenAPI document is the one that is served", async () => {
  const document = await (await fetch(`${url}/api/openapi.json`)).json();
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot("../openapi.json");
});

test("the reference page and what it needs are served", async () => {
  for (const path of ["/api/docs", "/api/docs/start.js", "/api/docs/swagger-ui-bundle.js"]) {
    expect((await fetch(url + path)).status, path).toBe(200);
  }
  expect((await fetch(`${url}/api/docs/package.json`)).status).toBe(404);
});

test("liveness, readiness and version need no provider", async () => {
  for (const path of ["/healthz", "/livez", "/health/live"]) {
    expect((await fetch(url + path)).status).toBe(200);
  }
  for (const path of ["/readyz", "/health/ready"]) {
    const response = await fetch(url + path);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      status: "ready",
      db: "ok",
      redis: "disabled",
      baileys: "disabled",
      openai: "disabled",
      tts: "disabled",
      twilio: "disabled",
    });
  }
  expect(await (await fetch(`${url}/version`)).json()).toMatchObject({
    app: "agentlocator",
    commit: "abc1234",
  });
});

test("metrics are Prometheus text", async () => {
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toContain("agentlocator_calls_active 0");
  expect(text).toMatch(/agentlocator_http_seconds_count\{route="live",status="200"\} \d+/);
});

test("metrics are not for who comes through a proxy", async () => {
  const headers = { "X-Forwarded-For": "127.0.0.1" };
  expect((await fetch(`${url}/metrics`, { headers })).status).toBe(404);
});

test.each(["/api/nothing", "/webhook/nothing", "/ws/nothing", "/static/nothing", "/nothing"])(
  "%s is a 404 problem, never the console",
  async (path) => {
    const response = await fetch(url + path, { headers: { "X-Request-Id": "request-1234" } });
    expect(response.status).toBe(404);
    expect(response.headers.get("Content-Type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({
      type: "urn:agentlocator:not_found",
      title: "Not Found",
      status: 404,
      request_id: "request-1234",
    });
  },
);

test("a body that is too large or broken is the client's error", async () => {
  const post = (body: string) =>
    fetch(`${url}/api/auth/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
  expect((await post("{")).status).toBe(400);
  expect((await post(JSON.stringify({ email: "x".repeat(2_000_000) }))).status).toBe(413);
  const unknown = await post(JSON.stringify({ email: "a@b.co", password: "x", admin: true }));
  expect(unknown.status).toBe(400);
  expect(await unknown.json()).toMatchObject({ errors: [{ path: "body" }] });
});
