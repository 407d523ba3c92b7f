import type { Message, SettingsPatch, Task, Thread } from "@agentlocator/contract";
import type { JobHelpers } from "graphile-worker";
import { OpenAiSim } from "../../lab/sim/openai/index.ts";
import type { BrainState } from "../../lab/sim/openai/index.ts";
import { createChat, type ChatPorts } from "../src/features/agent/index.ts";
import { findOrCreateContact } from "../src/features/contacts/index.ts";
import {
  addMessage,
  changeThread,
  findOrCreateThread,
} from "../src/features/conversations/index.ts";
import { queueMessage } from "../src/features/whatsapp/outbox/index.ts";
import type { Env } from "../src/platform/env.ts";
import { pendingJobs } from "./pending-jobs.ts";
import { createPeople } from "./people.ts";

/** Open at every hour of every day, so that a test finds a free time whenever it runs. */
const ALWAYS = [["00:00", "24:00"]];
const business_hours = Object.fromEntries(
  ["sun", "mon", "tue", "wed", "thu", "fri", "sat"].map((day) => [day, ALWAYS]),
);

/** The agent's chat on a database of its own, with the simulated model over real HTTP. */
export async function createChatWorld() {
  const openai = await new OpenAiSim({ api_key: "sk-chat" }).start();
  const people = await createPeople();
  const env = {
    OPENAI_API_KEY: "sk-chat",
    OPENAI_BASE_URL: openai.base_url,
    OPENAI_CHAT_MODEL: "gpt-5.4-mini",
    OPENAI_TRANSCRIBE_MODEL: "gpt-transcribe",
  } as Env;
  const typed: number[] = [];
  const files = new Map<string, Buffer>();
  const ports: ChatPorts = {
    queueMessage,
    typing: async (_business, { id }) => void typed.push(id),
    media: {
      ofMessages: (tx, ids) => tx.trx("media").whereIn("message_id", ids).orderBy("id"),
      async read(path) {
        const bytes = files.get(path);
        if (!bytes) throw new Error(`no file ${path}`);
        return bytes;
      },
    },
  };
  const { db, log, clock } = people;
  const create = (given: Partial<Env> = {}) =>
    createChat({ ...{ db, log, clock }, env: { ...env, ...given }, ...ports });
  let made = 0;

  return {
    ...people,
    openai,
    env,
    ports,
    typed,
    files,

    /** A business whose agent answers at any hour. */
    async open() {
      const { id } = await people.business();
      const settings = (patch: SettingsPatch) => {
        const columns = Object.entries(patch).map(([name, value]) => {
          const json = typeof value === "object" && value !== null;
          return [name, json ? JSON.stringify(value) : value];
        });
        return db.inBusiness(id, ({ trx }) => trx("settings").update(Object.fromEntries(columns)));
      };
      await settings({ business_hours });
      return { id, settings };
    },

    /** A customer's WhatsApp thread with the business. */
    async customer({ id: business_id }: { id: number }, phone?: string) {
      made += 1;
      const peer_number = phone ?? `+9725011${String(made).padStart(5, "0")}`;
      const thread_id = await db.inBusiness(business_id, async (tx) => {
        const contact = await findOrCreateContact(tx, { phone: peer_number });
        const peer = { type: "whatsapp", provider: "baileys", peer_number } as const;
        return findOrCreateThread(tx, { ...peer, contact_id: contact.id });
      });
      const where = { thread_id };
      const rows = <T>(table: string, given: object = where): Promise<T[]> =>
        db.inBusiness(business_id, ({ trx }) => trx(table).where(given).orderBy("created_at"));
      const add = (message: Pick<Message, "direction" | "author" | "text">, more: object = {}) =>
        db.inBusiness(business_id, async (tx) => {
          const provider = "baileys" as const;
          const status = message.direction === "in" ? "received" : "sent";
          const created_at = new Date(clock.now());
          const given = { thread_id, provider, status, created_at, ...message, ...more } as const;
          return (await addMessage(tx, given))!;
        });

      return {
        business_id,
        thread_id,
        peer_number,
        rows,
        /** The customer writes, and is quiet for a few seconds. */
        async writes(text: string | null, more: Partial<Message> = {}) {
          const message = await add({ direction: "in", author: "customer", text }, more);
          clock.advance(4000);
          return message;
        },
        /** A person of the business writes; the agent is not paused by this alone. */
        personWrites: (text: string) => add({ direction: "out", author: "user", text }),
        /** A file of a message; without bytes it is still on its way. */
        async attach(message: Message, content_type: string, bytes: Buffer | null, name?: string) {
          const path = `${message.id}-${files.size}`;
          if (bytes) files.set(path, bytes);
          const stored = bytes && { storage_path: path, content_type, size: bytes.length };
          const source = { source: "gateway", source_ref: path, file_name: name ?? null };
          const created_at = new Date(clock.now());
          await db.inBusiness(business_id, ({ trx }) =>
            trx("media").insert({
              ...{ business_id, message_id: message.id, claimed_type: content_type, created_at },
              ...{ ...source, ...stored },
            }),
          );
        },
        /** The agent looks at the thread, as the job does. */
        async look(given: Partial<Env> = {}, abortSignal = new AbortController().signal) {
          const helpers = { abortSignal } as JobHelpers;
          await create(given).jobs["whatsapp.answer"]!({ business_id, thread_id }, helpers);
        },
        change: (changes: ThreadChanges) =>
          db.inBusiness(business_id, (tx) => changeThread(tx, thread_id, changes)),
        thread: async () => (await rows<Thread & ThreadColumns>("threads", { id: thread_id }))[0]!,
        contact: async () =>
          (await rows<{ opted_out_at: string | null }>("contacts", { phone: peer_number }))[0]!,
        /** What the agent has said, in order. */
        async answers() {
          const out = { ...where, direction: "out", author: "agent" };
          return (await rows<Message>("messages", out)).map(({ text }) => text);
        },
        appointments: () => rows<{ status: string; starts_at: string }>("appointments"),
        tasks: () => rows<Task>("tasks"),
        /** When the agent looks again; null: not by itself. */
        async looksAgain(): Promise<Date | null> {
          const jobs = await pendingJobs(people.url, "whatsapp.answer");
          return jobs.find(({ key }) => key === `answer:${thread_id}`)?.run_at ?? null;
        },
      };
    },

    /** What the model was asked, in order. */
    asked: () =>
      openai.requests
        .filter(({ path }) => path === "/v1/responses")
        .map(({ body }) => body as Asked),

    async close() {
      await people.close();
      await openai.stop();
    },
  };
}

type ThreadChanges = Parameters<typeof changeThread>[2];

interface ThreadColumns {
  answer_failing_since: string | null;
}

/** A question as it came to the model. */
export interface Asked {
  instructions: string;
  input: { role?: string; type?: string; content?: unknown; name?: string; output?: string }[];
  tools: { name: string }[];
  tool_choice: string;
  store: boolean;
}

export type ChatWorld = Awaited<ReturnType<typeof createChatWorld>>;
export type ChatCustomer = Awaited<ReturnType<ChatWorld["customer"]>>;
export type { BrainState };
