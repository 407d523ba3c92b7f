import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SettingsPatch } from "@agentlocator/contract";
import { startApp } from "../../backend/src/app.ts";
import type { App } from "../../backend/src/app.ts";
import { createDatabase } from "../../backend/src/db/database.ts";
import type { Database } from "../../backend/src/db/database.ts";
import { parseEnv } from "../../backend/src/platform/env.ts";
import type { Env } from "../../backend/src/platform/env.ts";
import { createLog } from "../../backend/src/platform/log.ts";
import { createTestDb } from "../../backend/test/database.ts";
import { freePort } from "../../backend/test/free-port.ts";
import { cuttable } from "./cuttable.ts";
import { signIn } from "../demo/api.ts";
import type { Session } from "../demo/api.ts";
import { OpenAiSim, receptionist } from "../sim/openai/index.ts";
import type { Brain, BrainState } from "../sim/openai/index.ts";
import { TwilioSim } from "../sim/twilio/index.ts";

const ADMIN = { email: "agency@example.com", password: "agency-password" };
const PUBLIC = "https://phone.example";

export interface TestBusiness {
  id: number;
  /** Its own; the model's instructions name it. */
  name: string;
  phone_number: string;
  /** Signed in as its owner. */
  owner: Session;
  credentials: { email: string; password: string };
}

/** The whole product between strict simulators, on free ports, with a database of its own. */
export interface Product {
  url: string;
  env: Env;
  /** The environment as it was given, for a second process on the same data. */
  vars: Record<string, string>;
  db: Database;
  /** The way to the database, which can be cut. */
  line: { cut(): void; mend(): void };
  admin: Session;
  openai: OpenAiSim;
  twilio: TwilioSim;
  /** Lines of the log, newest last. */
  logged: Record<string, unknown>[];
  /** @param brain the model's mind in this business's calls; else it is the usual receptionist */
  addBusiness(settings?: SettingsPatch, brain?: Brain): Promise<TestBusiness>;
  /** Ends the app in order; `start` begins again on the same data. */
  end(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

let businesses = 0;

/** Whether the model's instructions are those of this business's calls. */
export const isOf = (business: { name: string }, instructions: string): boolean =>
  instructions.includes(` ${business.name}.`);

export async function startProduct(more: Record<string, string> = {}): Promise<Product> {
  const testDb = await createTestDb();
  const data_dir = await mkdtemp(join(tmpdir(), "agentlocator-e2e-"));
  const port = Number(more["PORT"] ?? (await freePort()));
  const url = `http://127.0.0.1:${port}`;
  const brains = new Map<string, Brain>();
  const brain = (state: BrainState) => {
    const own = [...brains].find(([name]) => isOf({ name }, state.instructions));
    return (own?.[1] ?? receptionist)(state);
  };
  const openai = await new OpenAiSim({ api_key: "sk-e2e", brain }).start();
  const twilio = new TwilioSim({ public_base_url: PUBLIC, target: url, prompt_speed: 4 });
  await twilio.start();
  const database = new URL(testDb.url);
  const line = await cuttable({ host: database.hostname, port: Number(database.port) });
  database.port = String(line.port);
  const vars = {
    DATABASE_URL: database.href,
    DATA_DIR: data_dir,
    PORT: String(port),
    HOST: "127.0.0.1",
    PUBLIC_BASE_URL: PUBLIC,
    APP_SECRET: "e2e-e2e-e2e-e2e-e2e-e2e-e2e-e2e-",
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    OPENAI_API_KEY: "sk-e2e",
    OPENAI_BASE_URL: openai.base_url,
    TWILIO_ACCOUNT_SID: twilio.account_sid,
    TWILIO_AUTH_TOKEN: twilio.auth_token,
    TWILIO_API_BASE_URL: twilio.api_base_url,
    ...more,
  };
  const env = parseEnv(vars);
  const logged: Record<string, unknown>[] = [];
  const log = createLog("debug", {
    write: (line) => logged.push(JSON.parse(line) as Record<string, unknown>),
  });
  let app: App | undefined = await startApp(env, log);
  const db = createDatabase(testDb.url);
  const admin = await signIn(url, ADMIN);

  return {
    ...{ url, env, vars, db, line, admin, openai, twilio, logged },

    async addBusiness(settings = {}, brain) {
      businesses += 1;
      const name = `מספרת ההדגמה מספר ${businesses}`;
      if (brain) brains.set(name, brain);
      const phone_number = `+9723100${String(businesses).padStart(4, "0")}`;
      const owner = {
        email: `owner${businesses}@example.com`,
        name: "בעלים",
        password: "owner-password",
      };
      const { id } = await admin.post<{ id: number }>("/api/admin/businesses", {
        ...{ name, phone_number, owner },
        ...{ timezone: "Asia/Jerusalem", locale: "he" },
      });
      const session = await signIn(url, owner);
      await session.patch("/api/settings", settings);
      return { id, name, phone_number, owner: session, credentials: owner };
    },

    async end() {
      await app?.close();
      app = undefined;
    },

    async start() {
      app ??= await startApp(env, log);
    },

    async stop() {
      await twilio.stop();
      await app?.close();
      await openai.stop();
      await db.close();
      line.close();
      await testDb.drop();
      await rm(data_dir, { recursive: true, force: true });
    },
  };
}
