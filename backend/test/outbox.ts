import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Message, Notification } from "@agentlocator/contract";
import type { JobHelpers } from "graphile-worker";
import { TwilioSim } from "../../lab/sim/twilio/index.ts";
import { conversationRoutes } from "../src/features/conversations/index.ts";
import { notificationRoutes } from "../src/features/notifications/index.ts";
import { createWhatsapp } from "../src/features/whatsapp/index.ts";
import { parseEnv } from "../src/platform/env.ts";
import { createLog } from "../src/platform/log.ts";
import { createSigner } from "../src/platform/signer.ts";
import { openSpool } from "../src/platform/spool.ts";
import { FakeGateway } from "./fake-gateway.ts";
import { createPeople } from "./people.ts";

export const TWILIO_NUMBER = "+97239999999";
const PUBLIC = "https://phone.example";
const APP_SECRET = "0123456789abcdef0123456789abcdef";

/**
 * WhatsApp on a database of its own, between Twilio's simulator and a gateway that the test plays.
 * Jobs run when the test says so.
 */
export async function createOutboxWorld(more: Record<string, string> = {}) {
  const dir = await mkdtemp(join(tmpdir(), "agentlocator-outbox-"));
  const twilio = await new TwilioSim({ public_base_url: PUBLIC }).start();
  twilio.whatsapp.fate = [];
  const gateway = await new FakeGateway().start();
  const env = parseEnv({
    DATABASE_URL: "postgres://nowhere/none",
    DATA_DIR: dir,
    APP_SECRET,
    PUBLIC_BASE_URL: PUBLIC,
    TWILIO_ACCOUNT_SID: twilio.account_sid,
    TWILIO_AUTH_TOKEN: twilio.auth_token,
    TWILIO_API_BASE_URL: twilio.api_base_url,
    TWILIO_WA_FROM: TWILIO_NUMBER,
    BAILEYS_OUTBOUND_URL: gateway.url,
    BAILEYS_WEBHOOK_SECRET: "between the two",
    ...more,
  });
  const spool = await openSpool({ dir: join(dir, "spool"), log: createLog("silent") });
  let whatsapp!: ReturnType<typeof createWhatsapp>;
  const people = await createPeople({
    routes({ db, log, clock }) {
      const signer = createSigner(APP_SECRET, clock);
      whatsapp = createWhatsapp({ env, db, log, clock, signer, spool });
      return [...whatsapp.routes, ...conversationRoutes(), ...notificationRoutes()];
    },
  });
  const { db, clock } = people;
  twilio.target = people.base;
  twilio.whatsapp.now = () => clock.now();
  const own = { whatsapp_number: TWILIO_NUMBER };
  const { id: business_id, owner } = await people.business(own);
  let numbers = 0;

  const world = {
    ...people,
    env,
    dir,
    twilio,
    gateway,
    whatsapp,
    business_id,
    owner,

    /** What is known of the gateway's session. */
    async channel(state: "open" | "close"): Promise<void> {
      const row = { business_id, state, reachable: true, paired_at: new Date() };
      await db.inBusiness(business_id, ({ trx }) =>
        trx("whatsapp_channels").insert(row).onConflict("business_id").merge(),
      );
    },

    settings: (change: Record<string, unknown>) =>
      db.inBusiness(business_id, ({ trx }) => trx("settings").update(change)),

    /** A new customer's number. */
    number: () => `+9725011${String(++numbers).padStart(5, "0")}`,

    /** Somebody writes to the business. @returns the thread */
    async writes(from: string, to: "baileys" | "twilio" = "baileys"): Promise<number> {
      if (to === "twilio") await twilio.whatsapp.receive({ from, to: TWILIO_NUMBER, body: "שלום" });
      else {
        await fetch(`${people.base}/webhook/whatsapp/baileys`, {
          method: "POST",
          headers: { "Content-Type": "application/json", "X-BAILEYS-SECRET": "between the two" },
          body: JSON.stringify({ business_id, id: crypto.randomUUID(), from, text: "שלום" }),
        });
      }
      const thread = await db.inBusiness(business_id, ({ trx }) =>
        trx("threads").where({ type: "whatsapp", peer_number: from }).first("id"),
      );
      return thread.id;
    },

    send: (to: string, body: Record<string, unknown>) =>
      owner.post("/api/whatsapp/send", { to, idempotency_key: crypto.randomUUID(), ...body }),

    /** A message of the agent's. */
    answer: (thread_id: number, text: string, idempotency_key: string = crypto.randomUUID()) =>
      db.inBusiness(business_id, (tx) =>
        whatsapp.chat.queueMessage(tx, { thread_id, author: "agent", text, idempotency_key }),
      ),

    /** Does a job, as the queue would. */
    async run(task: string, payload: object = {}): Promise<void> {
      const job = { ...whatsapp.jobs, ...whatsapp.sending }[task]!;
      await job({ business_id, ...payload }, {} as JobHelpers);
    },
    look: (thread_id: number) => world.run("whatsapp.send", { thread_id }),

    async message(id: number): Promise<Message> {
      return db.inBusiness(business_id, ({ trx }) => trx("messages").where({ id }).first());
    },
    /** What was written to the customer, in order. */
    async written(thread_id: number): Promise<Message[]> {
      return db.inBusiness(business_id, ({ trx }) =>
        trx("messages").where({ thread_id, direction: "out" }).orderBy("id"),
      );
    },
    async bells(): Promise<Notification[]> {
      return (await owner.get("/api/notifications")).body.items;
    },

    async close() {
      await twilio.stop();
      await gateway.stop();
      await people.close();
      await spool.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return world;
}

export type OutboxWorld = Awaited<ReturnType<typeof createOutboxWorld>>;
