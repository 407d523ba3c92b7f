import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { z } from "zod";
import { writeFileAtomic } from "./atomic-file.ts";
import type { JsonValue } from "./bus/index.ts";
import type { Clock } from "./clock.ts";

const Item = z.object({
  id: z.string(),
  kind: z.string(),
  key: z.string(),
  payload: z.json(),
  at: z.iso.datetime(),
});

export interface SpoolItem {
  /** The same over every attempt and restart: an idempotency key for the handler. */
  id: string;
  kind: string;
  key: string;
  payload: JsonValue;
  /** When it was put, ISO 8601. */
  at: string;
}

/** What is kept in memory of an item; its file is `<id>.json`. */
export interface SpoolEntry {
  readonly id: string;
  readonly key: string;
  readonly bytes: number;
  written: boolean;
}

/** No write takes so long: its writer is gone. Milliseconds. */
const LEFT_BEHIND_MS = 60 * 60_000;

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT";
/** Another process that has this folder too did it before us. */
const unlessMissing = (error: unknown) => {
  if (!isMissing(error)) throw error;
};

/**
 * Items as files, their names in the order in which they were made. Replicas may share a folder:
 * each works on what it put and on what was there when it began.
 */
export async function openFolder({ dir, log, clock }: { dir: string; log: Logger; clock: Clock }) {
  const aside = join(dir, "aside");
  await mkdir(aside, { recursive: true, mode: 0o700 });
  const entries: SpoolEntry[] = [];
  const pathOf = (id: string) => join(dir, `${id}.json`);

  const names = (await readdir(dir)).toSorted();
  // Their writers were killed before the item was promised to anybody.
  for (const name of names.filter((n) => n.endsWith(".tmp"))) {
    const path = join(dir, name);
    const age_ms = Date.now() - ((await stat(path).catch(unlessMissing))?.mtimeMs ?? Date.now());
    if (age_ms > LEFT_BEHIND_MS) await unlink(path).catch(unlessMissing);
  }
  for (const name of names.filter((n) => n.endsWith(".json"))) {
    const id = name.slice(0, -".json".length);
    const item = await read({ id });
    if (!item) continue;
    const bytes = Buffer.byteLength(JSON.stringify(item));
    entries.push({ id, key: item.key, bytes, written: true });
  }

  // A clock set back must not let new items overtake those from before.
  let time = Number(entries.at(-1)?.id.slice(0, 15) ?? 0);
  let sequence = 0;
  function newId(): string {
    const now = clock.now();
    sequence = now > time ? 0 : sequence + 1;
    time = Math.max(now, time);
    const digits = [String(time).padStart(15, "0"), String(sequence).padStart(6, "0")];
    return [...digits, randomBytes(4).toString("hex")].join("-");
  }

  async function read(entry: { id: string }): Promise<SpoolItem | undefined> {
    try {
      const item = Item.parse(JSON.parse(await readFile(pathOf(entry.id), "utf8")));
      if (item.id !== entry.id) throw new Error("its name and its content differ");
      return item;
    } catch (error) {
      if (isMissing(error)) return void forget(entry);
      if ((error as NodeJS.ErrnoException).code) throw error;
      log.error({ err: error, id: entry.id }, "[SPOOL] unreadable item set aside");
      await setAside(entry);
      return undefined;
    }
  }

  function forget({ id }: { id: string }): void {
    const index = entries.findIndex((entry) => entry.id === id);
    if (index >= 0) entries.splice(index, 1);
  }

  async function setAside(entry: { id: string }): Promise<void> {
    await rename(pathOf(entry.id), join(aside, `${entry.id}.json`)).catch(unlessMissing);
    forget(entry);
  }

  return {
    entries: entries as readonly SpoolEntry[],
    newItem(kind: string, key: string, payload: JsonValue) {
      const at = new Date(clock.now()).toISOString();
      const item = { id: newId(), kind, key, payload, at } satisfies SpoolItem;
      return { id: item.id, key, content: Buffer.from(JSON.stringify(item)) };
    },
    /** Takes its place in the order at once, and may be read when this resolves. */
    async write({ id, key, content }: { id: string; key: string; content: Buffer }): Promise<void> {
      const entry: SpoolEntry = { id, key, bytes: content.length, written: false };
      entries.push(entry);
      try {
        await writeFileAtomic(pathOf(id), content);
        entry.written = true;
      } catch (error) {
        forget(entry);
        throw error;
      }
    },
    /** The item; undefined when its file was unreadable and is set aside, or is gone. */
    read,
    async remove(entry: SpoolEntry): Promise<void> {
      await unlink(pathOf(entry.id)).catch(unlessMissing);
      forget(entry);
    },
    setAside,
  };
}
