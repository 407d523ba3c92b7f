import { stat } from "node:fs/promises";
import type { Logger } from "pino";
import { within } from "./coalesce.ts";
import { createMap, openMap } from "./durable-map.ts";
import type { DurableMap } from "./durable-map.ts";
import { StorageCorrupt } from "./errors.ts";
import { exists } from "./files.ts";
import { decodeJson, encodeJson } from "./json.ts";
import { rebuildLog } from "./log-rebuild.ts";
import type { Lease } from "./lease.ts";
import type { Sealer } from "./sealer.ts";

const COPY_EVERY_MS = 3_600_000;

/** By type, then by id; null deletes. Values: JSON with Buffers and Uint8Arrays anywhere. */
export type SignalData = Record<string, Record<string, unknown> | undefined>;

export interface SignalKeys {
  /** Ids that are not stored are left out. Rejects after the timeout (10 s). */
  get(type: string, ids: readonly string[]): Promise<Record<string, unknown>>;
  /** All of it or nothing, durable when it resolves. Rejects after the timeout (10 s). */
  set(data: SignalData): Promise<void>;
}

export interface AuthKeys extends SignalKeys {
  /** What was damaged and from where it came back. */
  readonly restored: string | null;
  close(): Promise<void>;
}

export interface AuthKeysOptions {
  /** The file; its hourly copy is `….copy`. */
  path: string;
  sealer: Sealer;
  log: Logger;
  now: () => number;
  lease: Lease | undefined;
  timeout_ms: number;
  /** Of an identity that WhatsApp does not know yet: there may be none, and nothing is lost. */
  fresh: boolean;
  /** The copy was made while there was no APP_SECRET. */
  copy_is_plain: boolean;
}

/** @throws StorageCorrupt, StorageUnreadable */
export async function openAuthKeys(options: AuthKeysOptions): Promise<AuthKeys> {
  const { path, log, now, timeout_ms } = options;
  const copy = `${path}.copy`;
  const { map, restored } = await openOrRebuild(options, copy);
  let copiedAt = (await exists(copy)) ? (await stat(copy)).mtimeMs : 0;
  if (options.copy_is_plain) await map.copyTo(copy);
  let copying: Promise<void> | undefined;

  /** Older keys set the ratchets back, so the copy is for when the file can't be read. */
  function copyWhenDue(): void {
    if (copying || now() - copiedAt < COPY_EVERY_MS) return;
    copiedAt = now();
    copying = map
      .copyTo(copy)
      .catch((error: Error) => {
        log.error({ err: error, path }, "[WA-ERROR] the hourly copy of the keys was not made");
      })
      .finally(() => (copying = undefined));
  }

  async function read(type: string, ids: readonly string[]): Promise<Record<string, unknown>> {
    const found = await Promise.all(
      ids.map(async (id) => [id, await map.get(nameOf(type, id))] as const),
    );
    return Object.fromEntries(
      found.flatMap(([id, bytes]) => (bytes ? [[id, decodeJson(bytes)]] : [])),
    );
  }

  return {
    restored,
    get: (type, ids) => within(timeout_ms, `reading ${type} keys`, read(type, ids)),

    async set(data) {
      const changes = Object.entries(data).flatMap(([type, values]) =>
        Object.entries(values ?? {}).map(
          ([id, value]) => [nameOf(type, id), value == null ? null : encodeJson(value)] as const,
        ),
      );
      await within(timeout_ms, "storing keys", map.write(changes));
      copyWhenDue();
    },

    async close() {
      await copying;
      await map.close();
    },
  };
}

/** Neither types nor ids have line breaks. */
const nameOf = (type: string, id: string) => `${type}\n${id}`;

async function openOrRebuild(
  options: AuthKeysOptions,
  copy: string,
): Promise<{ map: DurableMap; restored: string | null }> {
  const { path, sealer, fresh } = options;
  if (fresh && !(await exists(path))) return { map: await createMap(options), restored: null };
  try {
    if (!(await exists(path))) throw new StorageCorrupt(`${path} is gone`, path);
    return { map: await openMap(options), restored: null };
  } catch (error) {
    if (!(error instanceof StorageCorrupt)) throw error;
    const rebuilt = await rebuildLog(path, [copy], sealer);
    if (!rebuilt && fresh) return { map: await createMap(options), restored: null };
    if (!rebuilt) throw error;
    const { records, from_copies } = rebuilt;
    const restored =
      `${error.message}; made anew with ${records} keys, ` +
      `${from_copies} of them from the hourly copy`;
    return { map: await openMap(options), restored };
  }
}
