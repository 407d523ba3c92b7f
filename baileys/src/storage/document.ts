import { readFile } from "node:fs/promises";
import { StorageCorrupt } from "./errors.ts";
import { isMissing, linkAs, unreadable } from "./files.ts";
import { decodeJson, encodeJson } from "./json.ts";
import { mustHold } from "./lease.ts";
import type { Lease } from "./lease.ts";
import { unsealed, writtenBy } from "./log-file.ts";
import { salvage } from "./log-scan.ts";
import { writeLogFile } from "./log-write.ts";
import type { Sealer } from "./sealer.ts";

/** A log of one change. */
const KEY = "document";

export interface StoredDocument {
  value: unknown;
  /** The file was damaged or gone, and this is the copy of what it held before. */
  from_copy: boolean;
  /** Written while there was no APP_SECRET, and there is one now. */
  plain: boolean;
}

/**
 * Writes a JSON value so that it is all there or what was there before.
 * @param copy what becomes of its copy, `….bak`: `before` is what was there before, `same` is the
 *   new value too (what was there before is worth nothing), `left` is what it is (what was there
 *   before is damaged)
 */
export async function writeDocument(
  path: string,
  value: unknown,
  {
    sealer,
    now,
    lease,
    copy = "before",
  }: {
    sealer: Sealer;
    now: () => number;
    lease: Lease | undefined;
    copy?: "before" | "same" | "left";
  },
): Promise<void> {
  mustHold(lease, path);
  const change = { key: KEY, value: encodeJson(value), stamp: now() };
  const keep = { ready: async () => void (await linkAs(path, `${path}.bak`)) };
  await writeLogFile(path, sealer, (add) => add(change), copy === "before" ? keep : {});
  if (copy === "same") await writeLogFile(`${path}.bak`, sealer, (add) => add(change));
  mustHold(lease, path);
}

/**
 * Reads it, or else its copy; undefined when there is neither.
 * @throws StorageCorrupt when no good one is left, StorageUnreadable
 */
export async function readDocument(
  path: string,
  sealer: Sealer,
): Promise<StoredDocument | undefined> {
  const own = await readOne(path, sealer);
  if (typeof own === "object") return { ...own, from_copy: false };
  const copy = await readOne(`${path}.bak`, sealer);
  if (typeof copy === "object") return { ...copy, from_copy: true };
  if (own === "missing" && copy === "missing") return undefined;
  throw new StorageCorrupt(`${path} is ${own}, and its copy is ${copy}`, path);
}

async function readOne(
  path: string,
  sealer: Sealer,
): Promise<{ value: unknown; plain: boolean } | "missing" | "damaged"> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (isMissing(error)) return "missing";
    throw unreadable(error, path);
  }
  const { fingerprint, blocks } = salvage(bytes);
  if (fingerprint === undefined || blocks.length !== 1) return "damaged";
  const [change] = unsealed(path, writtenBy(path, fingerprint, sealer), blocks[0]!.body);
  if (!change?.value) return "damaged";
  return { value: decodeJson(change.value), plain: fingerprint !== sealer.fingerprint };
}
