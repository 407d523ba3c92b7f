import type { JournalUse } from "./journals.ts";
import { decodeJson, encodeJson } from "./json.ts";

/** Something the backend has to hear about. */
export interface InboxEntry {
  /** Unique in the business, e.g. `message:<id>`; the same key is recorded once while it waits. */
  key: string;
  /** Entries of one thread are delivered in the order in which they were recorded. */
  thread: string;
  /** JSON with Buffers and Uint8Arrays anywhere. */
  data: unknown;
}

export interface InboxHead {
  key: string;
  thread: string;
  /** When it was recorded; ms since the epoch. */
  at: number;
}

export interface Inbox {
  /**
   * Durable when it resolves: only then may the receipt go out. False when the key waits already.
   * Rejects with the file system's error (disk full): then there must be no receipt.
   */
  record(entry: InboxEntry): Promise<boolean>;
  /** What waits, oldest first. */
  waiting(): InboxHead[];
  read(key: string): Promise<InboxEntry | undefined>;
  /** Delivered: it is forgotten. */
  done(key: string): Promise<void>;
  /** Calls back after each new record, in the order of the calls; one listener. */
  onRecord(listener: (head: InboxHead) => void): void;
}

export function createInbox(): JournalUse<Inbox> {
  const heads = new Map<string, InboxHead>();
  const recording = new Map<string, Promise<boolean>>();
  let listener: (head: InboxHead) => void = () => {};

  return {
    replay(key, value, at) {
      if (value) heads.set(key, { key, thread: threadOf(value), at });
      else heads.delete(key);
    },

    on: (map) => ({
      async record(entry) {
        const { key, thread } = entry;
        const known = recording.get(key);
        // Whoever comes second may not go on before the first one's record is on the disk.
        if (known) return known.then(() => false);
        if (heads.has(key)) return false;
        const work = map.write([[key, encodeEntry(entry)]]).then((at) => {
          const head = { key, thread, at };
          heads.set(key, head);
          listener(head);
          return true;
        });
        recording.set(key, work);
        try {
          return await work;
        } finally {
          recording.delete(key);
        }
      },
      waiting: () => [...heads.values()],
      async read(key) {
        const value = await map.get(key);
        return value && { key, thread: threadOf(value), data: dataOf(value) };
      },
      async done(key) {
        await map.write([[key, null]]);
        heads.delete(key);
      },
      onRecord(callback) {
        listener = callback;
      },
    }),
  };
}

/** The thread stands in front, so that a replay need not parse the rest. */
function encodeEntry({ thread, data }: InboxEntry): Buffer {
  const name = Buffer.from(thread, "utf8");
  const length = Buffer.alloc(2);
  length.writeUInt16LE(name.length);
  return Buffer.concat([length, name, encodeJson(data)]);
}

const threadOf = (value: Buffer) => value.toString("utf8", 2, 2 + value.readUInt16LE());
const dataOf = (value: Buffer) => decodeJson(value.subarray(2 + value.readUInt16LE()));
