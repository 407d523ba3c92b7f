import type { Logger } from "pino";
import type { JournalUse } from "./journals.ts";

const DAY_MS = 86_400_000;
/** A recipient that was away asks again for what it could not decrypt; 14 days and one to spare. */
const KEPT_MS = 15 * DAY_MS;
const MAX_BYTES = 128 * 1024 * 1024;

/** A message's place: own sends by id alone, as retry receipts name them; others by chat too. */
export type MessageKey = { fromMe: true; id: string } | { fromMe: false; id: string; chat: string };

export interface MessageStore {
  /** Raw bytes of `proto.Message` (or what the caller likes). Durable when it resolves. */
  put(key: MessageKey, bytes: Uint8Array): Promise<void>;
  get(key: MessageKey): Promise<Buffer | undefined>;
  has(key: MessageKey): boolean;
}

/** Keeps messages for 15 days, or as many as fit. */
export function createMessages({
  log,
  now,
  max_bytes = MAX_BYTES,
}: {
  log: Logger;
  now: () => number;
  max_bytes?: number;
}): JournalUse<MessageStore> {
  return {
    on(map) {
      let warned = false;

      function prune(): void {
        for (const [key, stamp] of map.entries()) {
          const old = stamp < now() - KEPT_MS;
          if (!old && map.bytes() <= max_bytes) return;
          if (!old && !warned) {
            log.warn({ max_bytes }, "[WA] messages are forgotten early: there are too many");
            warned = true;
          }
          map.forget(key);
        }
      }
      prune();

      return {
        async put(key, bytes) {
          await map.write([[nameOf(key), bytes]]);
          prune();
        },
        get: (key) => map.get(nameOf(key)),
        has: (key) => map.has(nameOf(key)),
      };
    },
  };
}

/** A stranger chooses the ids of his messages: he must not be able to name one of ours. */
function nameOf(key: MessageKey): string {
  return key.fromMe ? `out\n${key.id}` : `in\n${key.chat}\n${key.id}`;
}
