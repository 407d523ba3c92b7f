import { createHmac, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GatewayConnectionEvent, Message, Thread } from "@agentlocator/contract";
import type { JobHelpers } from "graphile-worker";
import twilio from "twilio";
import { conversationRoutes } from "../src/features/conversations/index.ts";
import type { GatewayClient } from "../src/features/whatsapp/channel/index.ts";
import { createInbound } from "../src/features/whatsapp/inbound/index.ts";
import { createMedia } from "../src/features/whatsapp/media/index.ts";
import type { Env } from "../src/platform/env.ts";
import { createLog } from "../src/platform/log.ts";
import { createSigner } from "../src/platform/signer.ts";
import { openSpool } from "../src/platform/spool.ts";
import { pendingJobs } from "./pending-jobs.ts";
import { createPeople } from "./people.ts";

const PUBLIC = "https://phone.example";
const SECRET = "between the two";
const TOKEN = "twilio's token";

/** What comes in by WhatsApp on a database of its own, with a gateway that the test plays. */
export async function createWhatsappWorld(more: Partial<Env> = {}) {
  const dir = await mkdtemp(join(tmpdir(), "agentlocator-whatsapp-"));
  const env = {
    DATA_DIR: dir,
    PUBLIC_BASE_URL: PUBLIC,
    TWILIO_ACCOUNT_SID: `AC${"0".repeat(32)}`,
    TWILIO_AUTH_TOKEN: TOKEN,
    TWILIO_API_BASE_URL: "http://127.0.0.1:9",
    BAILEYS_WEBHOOK_SECRET: SECRET,
    ...more,
  } as Env;
  const gateway: Partial<GatewayClient> = {};
  const connections: GatewayConnectionEvent[] = [];
  const parts: Partial<ReturnType<typeof createInbound>> = {};
  let media!: ReturnType<typeof createMedia>;
  const spool = await openSpool({ dir: join(dir, "spool"), log: createLog("silent") });
  const people = await createPeople({
    routes({ db, log, clock }) {
      const asked = gateway as GatewayClient;
      const applyConnection = async (_: unknown, event: GatewayConnectionEvent) =>
        void connections.push(event);
      Object.assign(
        parts,
        createInbound({ env, db, log, clock, spool, gateway: asked, applyConnection }),
      );
      const signer = createSigner("0123456789abcdef0123456789abcdef", clock);
      media = createMedia({ env, db, log, signer, gateway: asked });
      return [...parts.routes!, ...media.routes, ...conversationRoutes()];
    },
  });
  const { base, db } = people;

  const post = async (path: string, body: string | URLSearchParams, headers: object) => {
    const response = await fetch(base + path, { method: "POST", headers: { ...headers }, body });
    return { status: response.status, text: await response.text() };
  };

  return {
    ...people,
    env,
    dir,
    gateway,
    connections,
    media,
    spool,
    inbound: parts as ReturnType<typeof createInbound>,

    /** A webhook of the gateway, signed as the gateway does. */
    fromGateway(payload: unknown, headers: Record<string, string> = {}) {
      const body = typeof payload === "string" ? payload : JSON.stringify(payload);
      const signature = createHmac("sha256", SECRET).update(body).digest("hex");
      return post("/webhook/whatsapp/baileys", body, {
        "Content-Type": "application/json",
        "X-BAILEYS-SIGNATURE": signature,
        ...headers,
      });
    },

    /** A webhook of Twilio's, signed as Twilio does. @param name `twilio` or `status` */
    fromTwilio(name: "twilio" | "status", params: Record<string, string>) {
      const path = `/webhook/whatsapp/${name}`;
      const signature = twilio.getExpectedTwilioSignature(TOKEN, PUBLIC + path, params);
      const headers = { "X-Twilio-Signature": signature };
      return post(path, new URLSearchParams(params), headers);
    },

    threads: (business_id: number): Promise<(Thread & { id: number })[]> =>
      db.inBusiness(business_id, ({ trx }) => trx("threads").orderBy("id")),
    messages: (business_id: number): Promise<Message[]> =>
      db.inBusiness(business_id, ({ trx }) => trx("messages").orderByRaw("created_at, id")),
    async rows<T = Record<string, unknown>>(business_id: number, table: string): Promise<T[]> {
      const sql = "select * from ?? order by 1, 2";
      return db.inBusiness(business_id, async ({ trx }) => (await trx.raw(sql, [table])).rows);
    },

    /** A message of ours, as the outbox leaves it when a provider took it. */
    sent(business_id: number, message: Partial<Message> & { thread_id: number }): Promise<number> {
      return db.inBusiness(business_id, async ({ trx }) => {
        const row = { direction: "out", author: "agent", provider: "baileys", status: "queued" };
        const [made] = await trx("messages")
          .insert({ business_id, ...row, text: "תשובה", ...message })
          .returning("id");
        return made.id;
      });
    },

    readJobs: () => pendingJobs(people.url, "whatsapp.read"),

    /** Does a job of these features, as the queue would for the `attempts`th time. */
    async run(task: string, payload: { business_id: number } & object, attempts = 1) {
      const job = { ...parts.jobs, ...media.jobs }[task as "whatsapp.read"];
      await job!(payload, { job: { attempts } } as JobHelpers);
    },

    async close() {
      await people.close();
      await spool.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export type WhatsappWorld = Awaited<ReturnType<typeof createWhatsappWorld>>;

/** A message id as WhatsApp makes them, and one as Twilio does. */
export const waId = () => `3EB0${randomBytes(9).toString("hex").toUpperCase()}`;
export const twilioSid = () => `SM${randomBytes(16).toString("hex")}`;
