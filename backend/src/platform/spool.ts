import type { Logger } from "pino";
import type { JsonValue } from "./bus/index.ts";
import { systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { openFolder } from "./spool-folder.ts";
import type { SpoolEntry, SpoolItem } from "./spool-folder.ts";

export type { SpoolItem };

/**
 * Handles an item, at least once: a process killed after the work, and before the item's file is
 * gone, does it again. Throwing `SpoolReject` sets the item aside; throwing anything else means
 * "not now", and it is tried again for as long as it takes.
 */
export type SpoolHandler = (item: SpoolItem) => Promise<void>;

/** This item will never be handled. */
export class SpoolReject extends Error {
  override name = "SpoolReject";
}

/** The spool takes nothing more. What was to be put is lost unless its sender tries again. */
export class SpoolFull extends Error {
  override name = "SpoolFull";
}

export interface Spool {
  /**
   * On the disk when this resolves. Items of one key are handled in the order of these calls.
   * @throws SpoolFull, or the file system's error
   */
  put(kind: string, key: string, payload: JsonValue): Promise<void>;
  /** True while something of this key waits: what comes next has to wait behind it. */
  holds(key: string): boolean;
  size(): { items: number; bytes: number };
  /** Begins to hand over what waits and what will be put. */
  start(handler: SpoolHandler): void;
  /** Resolves when the item in hand is done; the others stay for the next start. */
  stop(): Promise<void>;
}

export interface SpoolOptions {
  dir: string;
  log: Logger;
  max_items?: number;
  max_bytes?: number;
  /** Between two attempts at one key: the first pause, doubled each time up to the longest. */
  backoff_ms?: { first: number; longest: number };
  clock?: Clock;
}

/** For a process that is told nothing which it would have to keep. */
export const noSpool: Spool = {
  put: (kind) => Promise.reject(new Error(`nothing is spooled here, and no ${kind}`)),
  holds: () => false,
  size: () => ({ items: 0, bytes: 0 }),
  start: () => undefined,
  stop: () => Promise.resolve(),
};

/**
 * Keeps on the disk what can't go to the database now. What an earlier process left there, however
 * it ended, comes first; replicas that begin together may each hand it over.
 */
export async function openSpool({
  dir,
  log,
  max_items = 10_000,
  max_bytes = 64 * 1024 * 1024,
  backoff_ms = { first: 200, longest: 5_000 },
  clock = systemClock,
}: SpoolOptions): Promise<Spool> {
  const folder = await openFolder({ dir, log, clock });
  const { entries } = folder;
  const paused = new Map<string, { attempts: number; until: number }>();
  let wake = () => {};
  let stopping = false;
  let running: Promise<void> | undefined;
  if (entries.length > 0) log.warn({ items: entries.length }, "[SPOOL] items wait from before");

  const bytes = () => entries.reduce((sum, entry) => sum + entry.bytes, 0);

  /** The oldest item of a key that is neither paused nor being written. */
  function next(): SpoolEntry | undefined {
    const skipped = new Set<string>();
    return entries.find(({ key, written }) => {
      if (skipped.has(key)) return false;
      if (written && (paused.get(key)?.until ?? 0) <= performance.now()) return true;
      skipped.add(key);
      return false;
    });
  }

  async function attempt(entry: SpoolEntry, handler: SpoolHandler): Promise<void> {
    const item = await folder.read(entry);
    if (!item) return void paused.delete(entry.key);
    const { id, kind, key } = item;
    try {
      await handler(item);
      await folder.remove(entry);
      paused.delete(key);
    } catch (error) {
      if (error instanceof SpoolReject) {
        log.error({ err: error, id, kind }, "[SPOOL] item refused");
        await folder.setAside(entry);
        paused.delete(key);
        return;
      }
      const attempts = (paused.get(key)?.attempts ?? 0) + 1;
      const pause = Math.min(backoff_ms.first * 2 ** (attempts - 1), backoff_ms.longest);
      paused.set(key, { attempts, until: performance.now() + pause });
      if (attempts === 1) log.warn({ err: error, id, kind }, "[SPOOL] item has to wait");
    }
  }

  async function run(handler: SpoolHandler): Promise<void> {
    while (!stopping) {
      const entry = next();
      if (entry) {
        try {
          await attempt(entry, handler);
        } catch (error) {
          // Reading or removing its file failed: the disk is in trouble, the item is still there.
          log.error({ err: error, id: entry.id }, "[SPOOL] can't work on an item's file");
          paused.set(entry.key, { attempts: 1, until: performance.now() + backoff_ms.longest });
        }
      } else {
        const due = Math.min(...[...paused.values()].map(({ until }) => until));
        await pause(due - performance.now());
      }
    }
  }

  /** Until `ms` have passed (for ever if infinite), or something is put, or `stop`. */
  async function pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (Number.isFinite(ms)) timer = setTimeout(resolve, Math.max(ms, 1));
    });
    clearTimeout(timer);
  }

  return {
    async put(kind, key, payload) {
      const item = folder.newItem(kind, key, payload);
      if (entries.length >= max_items || bytes() + item.content.length > max_bytes) {
        log.error({ kind, ...size() }, "[SPOOL] full: an item is refused");
        throw new SpoolFull(`the spool holds ${entries.length} items`);
      }
      await folder.write(item);
      wake();
    },
    holds: (key) => entries.some((entry) => entry.key === key),
    size,
    start(handler) {
      running ??= run(handler);
    },
    async stop() {
      stopping = true;
      wake();
      await running;
    },
  };

  function size() {
    return { items: entries.length, bytes: bytes() };
  }
}
