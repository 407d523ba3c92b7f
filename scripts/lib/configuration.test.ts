import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { childEnvironments, readConfiguration } from "./configuration.ts";

let data_dir: string;
beforeEach(async () => {
  data_dir = await mkdtemp(`${tmpdir()}/configuration-`);
});
afterEach(() => rm(data_dir, { recursive: true, force: true }));

async function environments(given: Record<string, string> = {}) {
  const all = { DATA_DIR: data_dir, PORT: "8123", HOST: "127.0.0.1", ...given };
  for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
  return childEnvironments(await readConfiguration("/nowhere", false), "postgres://database");
}

test("the gateway gets what it needs, and no secret of anybody else", async () => {
  const secrets = {
    ...{ OPENAI_API_KEY: "openai", TWILIO_AUTH_TOKEN: "twilio", ADMIN_PASSWORD: "long enough" },
    ...{ REDIS_URL: "redis://:secret@redis", SMTP_URL: "smtp://secret", GOOGLE_TTS_ENDPOINT: "x" },
    DATABASE_URL: "postgres://secret@database",
  };
  const own = {
    ...{ WA_WEB_SOCKET_URL: "ws://127.0.0.1:1", WA_VERSION: "2.3000.1", LOG_LEVEL: "warn" },
    ...{ BAILEYS_MAX_SESSIONS: "7", NODE_EXTRA_CA_CERTS: "/ca.pem", HTTPS_PROXY: "http://proxy" },
  };
  const { gateway, backend } = await environments({ ...secrets, ...own });
  expect(gateway).toMatchObject({ ...own, PATH: process.env["PATH"] });
  for (const name of Object.keys(secrets)) expect(gateway, name).not.toHaveProperty(name);
  expect(backend).toMatchObject({ ...secrets, DATABASE_URL: "postgres://database" });
});

test("the two know each other, and share the secrets that were made for them", async () => {
  const { gateway, backend } = await environments();
  expect(backend["BAILEYS_OUTBOUND_URL"]).toBe(`http://127.0.0.1:${gateway["PORT"]}`);
  expect(gateway).toMatchObject({
    HOST: "127.0.0.1",
    BAILEYS_WEBHOOK_TARGET: "http://127.0.0.1:8123/webhook/whatsapp/baileys",
    WA_STORAGE_DIR: `${data_dir}/whatsapp`,
  });
  for (const name of ["APP_SECRET", "BAILEYS_WEBHOOK_SECRET"]) {
    expect(gateway[name]).toMatch(/^\w{32,}$/);
    expect(gateway[name]).toBe(backend[name]);
  }
});

test("what is set is used as it is", async () => {
  const { gateway } = await environments({
    ...{ WA_STORAGE_DIR: "/storage/whatsapp", BAILEYS_WEBHOOK_TARGET: "http://elsewhere/hook" },
    BAILEYS_OUTBOUND_URL: "http://127.0.0.1:3999/send",
  });
  expect(gateway).toMatchObject({
    ...{ PORT: "3999", WA_STORAGE_DIR: "/storage/whatsapp" },
    BAILEYS_WEBHOOK_TARGET: "http://elsewhere/hook",
  });
});
