import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import twilio from "twilio";
import { startApp } from "../src/app.ts";
import { parseEnv } from "../src/platform/env.ts";
import { createLog } from "../src/platform/log.ts";
import { Browser } from "./browser.ts";
import { createTestDb } from "./database.ts";

const PASSWORD = "a good password";
const ADMIN = { email: "admin@agency.example", password: PASSWORD };
const PUBLIC = "https://phone.example";
const TWILIO = { TWILIO_ACCOUNT_SID: `AC${"0".repeat(32)}`, TWILIO_AUTH_TOKEN: "twilio's token" };

/**
 * The whole backend on a database of its own, without a model and without a Twilio that could be
 * reached: every call goes to the record fallback.
 */
export async function startRunningApp(more: Record<string, string> = {}) {
  const test_db = await createTestDb();
  const data_dir = await mkdtemp(join(tmpdir(), "agentlocator-app-"));
  const logged: Record<string, unknown>[] = [];
  const env = parseEnv({
    DATABASE_URL: test_db.url,
    DATA_DIR: data_dir,
    APP_SECRET: "0123456789abcdef0123456789abcdef",
    PORT: "0",
    HOST: "127.0.0.1",
    PUBLIC_BASE_URL: PUBLIC,
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    ...TWILIO,
    TWILIO_API_BASE_URL: "http://127.0.0.1:9",
    ...more,
  });
  const log = createLog("debug", { write: (line) => void logged.push(JSON.parse(line)) });
  const app = await startApp(env, log);
  const base = `http://127.0.0.1:${app.port}`;
  const admin = new Browser(base);
  await admin.login(ADMIN.email, ADMIN.password);
  let made = 0;
  let ended: Promise<void> | undefined;

  return {
    base,
    admin,
    logged,
    database_url: test_db.url,

    /** A business, and its owner signed in at a browser. */
    async business() {
      made++;
      const owner = { email: `owner${made}@shop.example`, name: "Owner", password: PASSWORD };
      const phone_number = `+9723666000${made}`;
      const answer = await admin.post("/api/admin/businesses", {
        name: `Shop ${made}`,
        phone_number,
        owner,
      });
      if (answer.status !== 201) throw new Error(answer.text);
      const browser = new Browser(base);
      await browser.login(owner.email, PASSWORD);
      return { id: answer.body.id as number, phone_number, owner: browser };
    },

    /** Sends a webhook as Twilio does. */
    async webhook(name: string, params: Record<string, string>) {
      const path = `/webhook/${name}`;
      const url = PUBLIC + path;
      const signature = twilio.getExpectedTwilioSignature(TWILIO.TWILIO_AUTH_TOKEN, url, params);
      const response = await fetch(base + path, {
        method: "POST",
        headers: { "X-Twilio-Signature": signature },
        body: new URLSearchParams(params),
      });
      return { status: response.status, text: await response.text() };
    },

    /** Ends the backend in order; may be called again. */
    end(): Promise<void> {
      ended ??= app.close();
      return ended;
    },

    async stop() {
      await this.end();
      await test_db.drop();
      await rm(data_dir, { recursive: true, force: true });
    },
  };
}

export type RunningApp = Awaited<ReturnType<typeof startRunningApp>>;
