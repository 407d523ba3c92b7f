import { readFile } from "node:fs/promises";
import { StorageUnreadable } from "./errors.ts";
import { isMissing, linkAs } from "./files.ts";
import { unsealed, writtenBy } from "./log-file.ts";
import type { StoredChange } from "./log-format.ts";
import { salvage } from "./log-scan.ts";
import { writeLogFile } from "./log-write.ts";
import type { Sealer } from "./sealer.ts";

export interface Rebuilt {
  /** Keys that the new file has. */
  records: number;
  /** Those of them that only a copy had, or had newer. */
  from_copies: number;
  /** Where the damaged file is kept; null when there was none. */
  kept: string | null;
}

/**
 * Makes a log anew out of all that can be read of it and of its copies: of each key the newest.
 * The damaged file is kept beside it as `….damaged`.
 * @returns undefined, and changes nothing, when neither the file nor a copy could be read
 */
export async function rebuildLog(
  path: string,
  copies: readonly string[],
  sealer: Sealer,
): Promise<Rebuilt | undefined> {
  const newest = new Map<string, StoredChange & { from: string }>();
  for (const from of [path, ...copies]) {
    for (const change of await readable(from, sealer)) {
      if (change.stamp >= (newest.get(change.key)?.stamp ?? 0)) {
        newest.set(change.key, { ...change, from });
      }
    }
  }
  if (newest.size === 0) return undefined;

  const live = [...newest.values()].filter(({ value }) => value !== null);
  live.sort((a, b) => a.stamp - b.stamp);
  let kept: string | null = null;
  await writeLogFile(
    path,
    sealer,
    async (add) => {
      for (const change of live) await add(change);
    },
    {
      ready: async () => {
        if (await linkAs(path, `${path}.damaged`)) kept = `${path}.damaged`;
      },
    },
  );
  return {
    records: live.length,
    from_copies: live.filter(({ from }) => from !== path).length,
    kept,
  };
}

/** @throws StorageUnreadable: with another secret nothing is lost yet, so nothing is rebuilt */
async function readable(path: string, sealer: Sealer): Promise<StoredChange[]> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  const { fingerprint, blocks } = salvage(bytes);
  if (fingerprint !== undefined) {
    const written = writtenBy(path, fingerprint, sealer);
    return blocks.flatMap(({ body }) => unsealed(path, written, body));
  }
  // Without its header the file does not say how it was sealed; blocks that open say it.
  return blocks.flatMap(({ body }) => {
    try {
      return unsealed(path, sealer, body);
    } catch (error) {
      if (error instanceof StorageUnreadable) return [];
      throw error;
    }
  });
}
