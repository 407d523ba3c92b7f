import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import twilio from "twilio";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestBackend } from "../../../../test/http.ts";
import type { TestBackend } from "../../../../test/http.ts";
import type { Env } from "../../../platform/env.ts";
import { openSpool, SpoolReject } from "../../../platform/spool.ts";
import type { Spool } from "../../../platform/spool.ts";
import { createWebhooks } from "./webhooks.ts";

const env = {
  PUBLIC_BASE_URL: "https://phone.example",
  TWILIO_AUTH_TOKEN: "t",
  BAILEYS_WEBHOOK_SECRET: "s",
} as Env;

let dir: string;
let backend: TestBackend;
let base: string;
let spool: Spool;
let webhooks: ReturnType<typeof createWebhooks>;
let away: boolean;
let stored: unknown[];

beforeEach(async () => {
  [away, stored] = [true, []];
  dir = await mkdtemp(join(tmpdir(), "agentlocator-away-"));
  backend = await createTestBackend();
  const { log } = backend;
  spool = await openSpool({ dir, log, backoff_ms: { first: 1, longest: 1 } });
  const store = async (what: unknown) => {
    if (away) throw new Error("connect ECONNREFUSED");
    stored.push(what);
  };
  const receiver = { gateway: store, twilioMessage: store, twilioStatus: store };
  webhooks = createWebhooks({ env, log, spool, receiver });
  base = await backend.serve(webhooks.routes, async () => null);
});
afterEach(async () => {
  await spool.stop();
  await backend.close();
  await rm(dir, { recursive: true, force: true });
});

const write = (Body: string) => {
  const params = { MessageSid: "SM1", From: "whatsapp:+972501234567", Body };
  const url = `${env.PUBLIC_BASE_URL}/webhook/whatsapp/twilio`;
  const signature = twilio.getExpectedTwilioSignature(env.TWILIO_AUTH_TOKEN!, url, params);
  const headers = { "X-Twilio-Signature": signature };
  const body = new URLSearchParams(params);
  return fetch(`${base}/webhook/whatsapp/twilio`, { method: "POST", headers, body });
};

test("what Twilio tells is kept on the disk and stored later, in the customer's order", async () => {
  expect((await write("ראשונה")).status).toBe(204);
  away = false;
  // Behind the first, although the database is there again.
  expect((await write("שנייה")).status).toBe(204);
  expect(stored).toEqual([]);
  spool.start(webhooks.handleSpooled);
  await expect.poll(() => stored).toMatchObject([{ Body: "ראשונה" }, { Body: "שנייה" }]);
  await expect.poll(() => spool.size().items).toBe(0);
  expect((await write("שלישית")).status).toBe(204);
  expect(stored).toHaveLength(3);
});

test("the gateway keeps its own, and is told to come again", async () => {
  const tell = () =>
    fetch(`${base}/webhook/whatsapp/baileys`, {
      method: "POST",
      headers: { "X-BAILEYS-SECRET": "s", "Content-Type": "application/json" },
      body: '{"id":"1"}',
    });
  const refused = await tell();
  expect([refused.status, refused.headers.get("Retry-After")]).toEqual([503, "5"]);
  expect(spool.size().items).toBe(0);
  away = false;
  expect((await tell()).status).toBe(204);
  expect(stored).toEqual(['{"id":"1"}']);
});

test("what nobody handles is set aside", async () => {
  const item = { id: "1", kind: "whatsapp_other", key: "k", payload: {}, created_at: "" };
  await expect(webhooks.handleSpooled(item as never)).rejects.toThrow(SpoolReject);
});
