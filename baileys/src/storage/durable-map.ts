import type { Logger } from "pino";
import { openLogFile } from "./log-file.ts";
import type { Place } from "./log-file.ts";
import { changeBytes } from "./log-format.ts";
import { mustHold } from "./lease.ts";
import type { Lease } from "./lease.ts";
import type { Change } from "./log-format.ts";
import { writeLogFile } from "./log-write.ts";
import type { Add } from "./log-write.ts";
import type { Sealer } from "./sealer.ts";

/** What one write takes at most; more waits for the next. */
const BATCH_BYTES = 1024 * 1024;
/** Below this, room that could be won is not worth a rewrite. */
const GARBAGE_BYTES = 1024 * 1024;

/** Keys with bytes, on the disk in one append-only file; in memory are only the places. */
export interface DurableMap {
  has(key: string): boolean;
  /** Of those on the disk. @throws StorageCorrupt */
  get(key: string): Promise<Buffer | undefined>;
  /** With the ms since the epoch when each was written; oldest first unless written again. */
  entries(): Iterable<[key: string, stamp: number]>;
  size(): number;
  /** What is kept takes about so much on the disk. */
  bytes(): number;
  /**
   * All changes or none; null deletes. On the disk when it resolves; writes that come while one
   * is under way share the next.
   * @returns the stamp of the last change
   * @throws the file system's error: then nothing was changed
   */
  write(changes: Iterable<readonly [key: string, value: Uint8Array | null]>): Promise<number>;
  /** As if it were not there; leaves the disk at some later rewrite, so forget it again at start. */
  forget(key: string): void;
  /** Writes what there is to another file. */
  copyTo(path: string): Promise<void>;
  /** After all that was begun. */
  close(): Promise<void>;
}

export interface DurableMapOptions {
  path: string;
  sealer: Sealer;
  log: Logger;
  now: () => number;
  /** Whether this process may still write. */
  lease?: Lease | undefined;
  /** Hears every change since the file was last rewritten, in order; null: deleted. */
  onReplay?: (key: string, value: Buffer | null, stamp: number) => void;
}

interface Entry {
  /** Shared by all that lie in one block. */
  place: Place;
  stamp: number;
  bytes: number;
}

interface Waiting {
  changes: Change[];
  resolve: (stamp: number) => void;
  reject: (error: unknown) => void;
}

/**
 * Opens the map of a file that exists (`createMap` makes one).
 * @throws StorageCorrupt, StorageUnreadable, or the file system's error
 */
export async function openMap(options: DurableMapOptions): Promise<DurableMap> {
  const { path, sealer, log, now, lease, onReplay } = options;
  let entries = new Map<string, Entry>();
  let live = 0;
  let last = 0;

  function apply(change: Change, place: Place): void {
    forget(change.key);
    if (change.value === null) return;
    const bytes = changeBytes(change);
    entries.set(change.key, { place, stamp: change.stamp, bytes });
    live += bytes;
  }

  function forget(key: string): void {
    live -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  }

  const opened = await openLogFile(path, sealer, (change, place) => {
    const { key, value, stamp } = change;
    apply(change, place);
    last = Math.max(last, stamp);
    onReplay?.(key, value, stamp);
  });
  const { cut } = opened;
  let { file } = opened;
  if (cut > 0) log.warn({ path, bytes: cut }, "[WA] a write that was cut off is dropped");

  const waiting: Waiting[] = [];
  let flushing = false;
  /** Why nothing more can be written. */
  let shut: Error | undefined;
  let rewriteAt = GARBAGE_BYTES;
  let line: Promise<unknown> = Promise.resolve();

  /** One thing at a time with the file. */
  function exclusive<T>(job: () => Promise<T>): Promise<T> {
    const done = line.then(job);
    line = done.catch(() => {});
    return done;
  }

  function takeBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { changes } of waiting) {
      for (const { value } of changes) bytes += value?.length ?? 0;
      if (count > 0 && bytes > BATCH_BYTES) break;
      count += 1;
    }
    return waiting.splice(0, count);
  }

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = takeBatch();
      const changes = batch.flatMap((one) => one.changes);
      try {
        if (shut) throw shut;
        mustHold(lease, path);
        const written = await file.append(changes);
        mustHold(lease, path);
        for (const [i, change] of changes.entries()) apply(change, written[i]!);
        for (const one of batch) one.resolve(one.changes.at(-1)!.stamp);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    flushing = false;
    const garbage = file.bytes() - live;
    if (garbage > Math.max(rewriteAt, live)) await rewrite();
  }

  /** Calls `add` for what lives. */
  function eachLive(add: Add): Promise<void> {
    return file.scan(async (change) => {
      if (entries.get(change.key)?.stamp === change.stamp) await add(change);
    });
  }

  async function rewrite(): Promise<void> {
    const kept: typeof entries = new Map();
    const before = file;
    try {
      await writeLogFile(path, sealer, eachLive, {
        placed(change, place) {
          kept.set(change.key, { place, stamp: change.stamp, bytes: changeBytes(change) });
        },
        replaced(next) {
          file = next;
          entries = kept;
        },
      });
      rewriteAt = GARBAGE_BYTES;
    } catch (error) {
      log.error({ err: error, path }, "[WA-ERROR] a file can't be rewritten");
      rewriteAt = (file.bytes() - live) * 2;
      // The new file is in its place, but after a power cut the old one might be again.
      if (file !== before) shut = error as Error;
    }
    if (file === before) return;
    await before.close().catch((error: Error) => {
      log.warn({ err: error, path }, "[WA] a file that was replaced can't be closed");
    });
  }

  if (file.fingerprint !== sealer.fingerprint) await rewrite();

  return {
    has: (key) => entries.has(key),
    async get(key) {
      const entry = entries.get(key);
      const change = entry && (await file.read(entry.place, entry.stamp));
      return change?.value ?? undefined;
    },
    *entries() {
      for (const [key, { stamp }] of entries) yield [key, stamp];
    },
    size: () => entries.size,
    bytes: () => live,

    write(changes) {
      if (shut) return Promise.reject(shut);
      const stamped = Array.from(changes, ([key, value]) => {
        last = Math.max(last + 1, now());
        return { key, value, stamp: last };
      });
      if (stamped.length === 0) return Promise.resolve(last);
      return new Promise((resolve, reject) => {
        waiting.push({ changes: stamped, resolve, reject });
        if (flushing) return;
        flushing = true;
        void exclusive(flush);
      });
    },

    forget,
    copyTo: (target) => exclusive(() => writeLogFile(target, sealer, eachLive)),

    async close() {
      await exclusive(async () => {
        shut = new Error(`${path} is closed`);
        await file.close();
      });
    },
  };
}

/** An empty one, unless there is a file already: that one is replaced. */
export async function createMap(options: DurableMapOptions): Promise<DurableMap> {
  await writeLogFile(options.path, options.sealer, async () => {});
  return openMap(options);
}
