import { createHash } from "node:crypto";
import type { DurableMap } from "./durable-map.ts";
import type { JournalUse } from "./journals.ts";
import { decodeJson, encodeJson } from "./json.ts";
import { SendConflict, SendWithdrawn, leads } from "./sends.ts";
import type { SendLedger, SendState, SendStatus, StoredSend } from "./sends.ts";

const KEPT_MS = 31 * 86_400_000;

interface Entry {
  state: SendState;
  error: string | null;
  at: number;
}

/** A send is one record; another one, under this suffix, has its state when it has moved. */
const STATE = "\nstate";

export function createSends({
  business_id,
  now,
}: {
  business_id: number;
  now: () => number;
}): JournalUse<SendLedger> {
  const entries = new Map<string, Entry>();
  const accepting = new Map<string, { body: string; done: Promise<unknown> }>();

  const messageIdFor = (key: string) =>
    `3EB0${createHash("sha256").update(`${business_id}|${key}`).digest("hex").slice(0, 18)}`.toUpperCase();
  const withId = (messageId: string, entry: Entry): SendStatus => ({ messageId, ...entry });

  function replay(key: string, value: Buffer | null, at: number): void {
    if (!value) return;
    if (!key.endsWith(STATE)) {
      entries.set(key, { state: "journalled", error: null, at });
      return;
    }
    const id = key.slice(0, -STATE.length);
    const [state, error] = decodeJson(value) as [SendState, string | null];
    entries.set(id, { at, ...entries.get(id), state, error });
  }

  function on(map: DurableMap): SendLedger {
    function statusOf(messageId: string): SendStatus | undefined {
      const entry = entries.get(messageId);
      return entry && withId(messageId, entry);
    }

    async function read(messageId: string): Promise<StoredSend | undefined> {
      const entry = entries.get(messageId);
      const value = entry && (await map.get(messageId));
      if (!value) return undefined;
      const { key, body } = decodeJson(value) as { key: string; body: unknown };
      return { ...withId(messageId, entry), idempotencyKey: key, body };
    }

    /** Counts at once, so that nothing else can be decided meanwhile; taken back if it fails. */
    async function move(id: string, entry: Entry, state: SendState, error: string | null) {
      const before = { ...entry };
      Object.assign(entry, { state, error });
      try {
        await map.write([[id + STATE, encodeJson([state, error])]]);
      } catch (failure) {
        if (entry.state === state) Object.assign(entry, before);
        throw failure;
      }
    }

    function prune(): void {
      for (const [id, { state, at }] of entries) {
        if (at > now() - KEPT_MS) return;
        if (state === "journalled" || state === "written") continue;
        entries.delete(id);
        map.forget(id);
        map.forget(id + STATE);
      }
    }
    prune();

    async function acceptKnown(id: string, entry: Entry, body: string) {
      if (entry.state === "not_sent") {
        throw new SendWithdrawn("This idempotency key was withdrawn; it will never be sent.");
      }
      const stored = await read(id);
      if (stored && canonical(stored.body) !== body) throw conflict();
      return { ...withId(id, entry), known: true };
    }

    return {
      messageIdFor,
      read,
      status: (key) => statusOf(messageIdFor(key)),
      statusOf,
      pending: () =>
        [...entries].flatMap(([id, entry]) =>
          entry.state === "journalled" || entry.state === "written" ? [withId(id, entry)] : [],
        ),

      async accept({ idempotencyKey: key, body }) {
        const id = messageIdFor(key);
        const wanted = canonical(body);
        const first = accepting.get(id);
        if (first && first.body !== wanted) throw conflict();
        if (first) await first.done;
        const known = entries.get(id);
        if (known) return acceptKnown(id, known, wanted);
        const done = map.write([[id, encodeJson({ key, body })]]);
        accepting.set(id, { body: wanted, done });
        try {
          const entry: Entry = { state: "journalled", error: null, at: await done };
          entries.set(id, entry);
          prune();
          return { ...withId(id, entry), known: false };
        } finally {
          accepting.delete(id);
        }
      },

      async claim(messageId) {
        const stored = await read(messageId);
        const entry = entries.get(messageId);
        if (!stored || entry?.state !== "journalled") return undefined;
        await move(messageId, entry, "written", null);
        return { ...stored, state: "written" };
      },

      async advance(messageId, state, error) {
        const entry = entries.get(messageId);
        if (!entry || !leads(entry.state, state)) return false;
        await move(messageId, entry, state, error ?? null);
        return true;
      },

      async cancel(key) {
        const id = messageIdFor(key);
        for (let first = accepting.get(id); first; first = accepting.get(id)) {
          await first.done.catch(() => {});
        }
        const entry = entries.get(id);
        if (entry?.state === "not_sent") return true;
        if (entry && entry.state !== "journalled") return false;
        if (entry) {
          await move(id, entry, "not_sent", null);
          return true;
        }
        const burnt: Entry = { state: "journalled", error: null, at: now() };
        entries.set(id, burnt);
        try {
          await move(id, burnt, "not_sent", null);
        } catch (failure) {
          entries.delete(id);
          throw failure;
        }
        return true;
      },
    };
  }

  return { replay, on };
}

const conflict = () => new SendConflict("This idempotency key was used with another body.");

/** The same text for the same JSON, whatever the order of its fields. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) =>
    inner && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
