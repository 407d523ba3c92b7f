import { afterAll, beforeAll, expect, test } from "vitest";
import { runGateway, SECRET } from "../../test/running-gateway.ts";
import type { Running } from "../../test/running-gateway.ts";

let running: Running;
beforeAll(async () => {
  running = await runGateway({ url: "ws://127.0.0.1:1" });
});
afterAll(() => running.stop());

const ask = (path: string, headers: Record<string, string>, more: RequestInit = {}) =>
  fetch(running.url + path, { ...more, headers });
const known = { "X-BAILEYS-SECRET": SECRET };

test("the health route asks for nothing", async () => {
  const response = await ask("/healthz", {});
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: "ok" });
});

test.each<[string, Record<string, string>]>([
  ["no secret", {}],
  ["an empty secret", { "X-BAILEYS-SECRET": "" }],
  ["a wrong secret", { "X-BAILEYS-SECRET": "Shared by gateway and backend" }],
])("everything else answers 401 to %s", async (_, headers) => {
  for (const path of ["/", "/health", "/sessions/1", "/send", "/media/1/x", "/nothing"]) {
    const response = await ask(path, headers);
    expect(response.status).toBe(401);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    const body = await response.json();
    expect(body).toMatchObject({ status: 401, title: "Unauthorized" });
    expect(body).toHaveProperty("request_id");
  }
});

const text = { businessId: 1, to: "972501234567", type: "text", text: "x", idempotencyKey: "k" };

test.each<[string, string, string, unknown, number, string]>([
  ["what does not exist", "GET", "/nothing", undefined, 404, "not_found"],
  ["another method", "PUT", "/send", {}, 405, "method_not_allowed"],
  ["a business without a session", "GET", "/sessions/77", undefined, 404, "not_found"],
  ["no business", "POST", "/sessions/abc", {}, 400, "bad_input"],
  ["a path that can't be decoded", "GET", "/send/1/%E0%A4%A", undefined, 404, "not_found"],
  ["words for an image", "POST", "/send", { ...text, type: "image" }, 400, "bad_input"],
  ["an unknown field", "POST", "/send", { ...text, more: 1 }, 400, "bad_input"],
  ["a business that is not connected", "POST", "/send", text, 409, "not_connected"],
  ["a message that never came", "GET", "/send/1/never", undefined, 404, "not_found"],
  ["a phone that is none", "POST", "/sessions/1/pairing-code", { phone: "abc" }, 400, "bad_phone"],
  ["media of nobody", "GET", "/media/9/x", undefined, 404, "not_found"],
])("%s: %s %s", async (_, method, path, body, status, id) => {
  const answer = await running.ask(method, path, body);
  expect(answer).toMatchObject({ status, body: { status, type: `urn:agentlocator:${id}` } });
});

test("a body that is not JSON, and one that is too large", async () => {
  const post = (body: string) => ask("/send", known, { method: "POST", body });
  expect((await post("{")).status).toBe(400);
  expect((await post(JSON.stringify({ text: "x".repeat(600_000) }))).status).toBe(413);
});

test("a withdrawn key is refused, also before its message came", async () => {
  const path = "/send/5/early";
  expect(await running.ask("DELETE", path)).toMatchObject({ body: { cancelled: true } });
  expect(await running.ask("GET", path)).toMatchObject({ body: { state: "not_sent" } });
});

test("health shows a business that never was as not connected, and the process as well", async () => {
  expect(await running.session(78)).toMatchObject({ state: "close", connected: false, qr: null });
  const { status, body } = await running.ask("GET", "/health");
  expect(status).toBe(200);
  expect(body).toMatchObject({ status: "ok", sessions: expect.any(Array) });
});
