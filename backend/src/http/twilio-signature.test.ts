import { afterAll, beforeAll, expect, test } from "vitest";
import twilio from "twilio";
import { z } from "zod";
import { createTestBackend } from "../../test/http.ts";
import type { TestBackend } from "../../test/http.ts";
import { defineRoute } from "./route.ts";
import { signedByTwilio } from "./twilio-signature.ts";

const PUBLIC = "https://phone.example";
const TOKEN = "auth token";

let backend: TestBackend;
let base: string;
beforeAll(async () => {
  backend = await createTestBackend();
  const hook = defineRoute({
    id: "hook",
    method: "post",
    path: "/webhook/hook",
    summary: "A signed webhook",
    access: { public: "a test" },
    response: z.object({ fields: z.record(z.string(), z.string()) }),
    handler: async ({ ctx }) => ({
      fields: signedByTwilio(ctx, { public_base_url: PUBLIC, auth_token: TOKEN }),
    }),
  });
  base = await backend.serve([hook], async () => null);
});
afterAll(() => backend.close());

async function send(body: string, type: string, signature = "wrong", query = "") {
  const response = await fetch(`${base}/webhook/hook${query}`, {
    method: "POST",
    headers: { "Content-Type": type, "X-Twilio-Signature": signature },
    body,
  });
  return { status: response.status, text: await response.text() };
}

test("the fields of a signed form and of its query are returned", async () => {
  const params = { CallSid: "CA1", From: "+972501234567" };
  const sign = (path: string) => twilio.getExpectedTwilioSignature(TOKEN, PUBLIC + path, params);
  const body = new URLSearchParams(params).toString();
  const signature = sign("/webhook/hook?leg=2");
  const form = "application/x-www-form-urlencoded";
  const answer = await send(body, form, signature, "?leg=2");
  expect(JSON.parse(answer.text)).toEqual({ fields: { ...params, leg: "2" } });
  expect((await send(body, form, signature)).status).toBe(403);
  expect((await send(`${body}&more=1`, form, signature, "?leg=2")).status).toBe(403);
});

test("a body of any other make has no fields, and is refused without a failure", async () => {
  const deep = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  const json = [
    '{"a":{"toString":1}}',
    '{"a":{"b":["c"]}}',
    "[1]",
    '{"__proto__":{"x":"y"}}',
    deep,
  ];
  for (const body of json) {
    expect([400, 403], body.slice(0, 40)).toContain((await send(body, "application/json")).status);
  }
  const form = "a[toString]=1&a[b][c]=d&e=1&e=2&__proto__[x]=y";
  expect((await send(form, "application/x-www-form-urlencoded")).status).toBe(403);
  expect((await send("x", "text/plain")).status).toBe(403);
  expect(backend.logged.filter(({ msg }) => msg === "[HTTP] request failed")).toEqual([]);
});
