import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { StorageCorrupt, StorageUnreadable } from "./errors.ts";
import { unreadable, writeAll } from "./files.ts";
import {
  BLOCK_BYTES,
  HEADER_BYTES,
  blockAt,
  changeBytes,
  decodeBody,
  encodeBody,
  encodeFrame,
  parseHeader,
} from "./log-format.ts";
import type { Change, StoredChange } from "./log-format.ts";
import { LogDamage, readAt, scanFrames } from "./log-scan.ts";
import { plainSealer } from "./sealer.ts";
import type { Sealer } from "./sealer.ts";

/** A block is closed when it has so much. */
const BLOCK_TARGET_BYTES = 4 * 1024;

/** The block in which a change lies: its first byte, and how many. */
export interface Place {
  offset: number;
  length: number;
}

export type OnChange = (change: StoredChange, place: Place) => void | Promise<void>;

/** An append-only file of changes; one owner. */
export interface LogFile {
  /** How the file is sealed: 0 when it was written while there was no APP_SECRET. */
  readonly fingerprint: number;
  /** Up to the end of what was acknowledged. */
  bytes(): number;
  /**
   * One frame: all of it or nothing, on the disk when this resolves. One call at a time.
   * @throws the file system's error; then the file is as it was, and takes more when it can
   */
  append(changes: readonly Change[]): Promise<Place[]>;
  /** @throws StorageCorrupt when the block's checksum is wrong */
  read(place: Place, stamp: number): Promise<StoredChange | undefined>;
  /** From the beginning. @throws StorageCorrupt */
  scan(onChange: OnChange): Promise<void>;
  /** After the reads that are under way. */
  close(): Promise<void>;
}

/**
 * Opens a log, goes through it, and cuts off what a dead process left behind its last whole frame.
 * @returns `cut`: how many bytes that was
 * @throws StorageCorrupt, StorageUnreadable (another APP_SECRET, permissions)
 */
export async function openLogFile(
  path: string,
  sealer: Sealer,
  onChange: OnChange,
): Promise<{ file: LogFile; cut: number }> {
  const handle = await open(path, "r+").catch((error: Error) => {
    throw unreadable(error, path);
  });
  try {
    const header = parseHeader(await readAt(handle, 0, HEADER_BYTES));
    if (!header) throw new StorageCorrupt(`${path} is damaged at its beginning`, path);
    const written = writtenBy(path, header.fingerprint, sealer);
    const { size } = await handle.stat();
    const end = await scan(path, handle, header.marker, size, written, onChange);
    if (size > end) {
      await handle.truncate(end);
      await handle.datasync();
    }
    return { file: logFile(path, handle, header.marker, end, written), cut: size - end };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The sealer that opens a file with this fingerprint. @throws StorageUnreadable */
export function writtenBy(path: string, fingerprint: number, sealer: Sealer): Sealer {
  if (fingerprint === sealer.fingerprint) return sealer;
  if (fingerprint === 0) return plainSealer;
  const other = fingerprint.toString(16).padStart(8, "0");
  throw new StorageUnreadable(
    sealer.fingerprint === 0
      ? `${path} is encrypted (key ${other}) and APP_SECRET is not set`
      : `${path} is encrypted with another APP_SECRET (key ${other}, the present one is ` +
          `${sealer.fingerprint.toString(16).padStart(8, "0")})`,
    path,
  );
}

/** @throws StorageUnreadable when a well block does not open: it was moved here from elsewhere */
export function unsealed(path: string, sealer: Sealer, body: Buffer): StoredChange[] {
  try {
    return decodeBody(sealer.open(body));
  } catch (error) {
    throw new StorageUnreadable(`${path} was encrypted for another business`, path, {
      cause: error,
    });
  }
}

/** In the order given; each group makes a block. */
export function inBlocks<T extends Change>(changes: readonly T[]): T[][] {
  const blocks: T[][] = [];
  let bytes = Infinity;
  for (const change of changes) {
    if (bytes >= BLOCK_TARGET_BYTES) {
      blocks.push([]);
      bytes = 0;
    }
    blocks.at(-1)!.push(change);
    bytes += changeBytes(change);
  }
  return blocks;
}

async function scan(
  path: string,
  handle: FileHandle,
  marker: number,
  size: number,
  sealer: Sealer,
  onChange: OnChange,
): Promise<number> {
  try {
    return await scanFrames(handle, marker, size, async (blocks, payloadAt) => {
      for (const { start, body } of blocks) {
        const place = { offset: payloadAt + start, length: BLOCK_BYTES + body.length };
        for (const change of unsealed(path, sealer, body)) await onChange(change, place);
      }
    });
  } catch (error) {
    if (!(error instanceof LogDamage)) throw error;
    throw new StorageCorrupt(`${path} is ${error.message}`, path, { cause: error });
  }
}

/** A log whose frames end at `end`. */
export function logFile(
  path: string,
  handle: FileHandle,
  marker: number,
  end: number,
  sealer: Sealer,
): LogFile {
  /** Something may lie behind `end`. */
  let ragged = false;

  async function trim(): Promise<void> {
    if (!ragged) return;
    await handle.truncate(end);
    await handle.datasync();
    ragged = false;
  }

  return {
    fingerprint: sealer.fingerprint,
    bytes: () => end,

    async append(changes) {
      await trim();
      const blocks = inBlocks(changes);
      const bodies = blocks.map((block) => sealer.seal(encodeBody(block)));
      const { frame, starts } = encodeFrame(marker, bodies);
      ragged = true;
      try {
        await writeAll(handle, frame, end);
        await handle.datasync();
      } catch (error) {
        // What was not acknowledged must not come back after a restart, if that can be helped.
        await trim().catch(() => {});
        throw error;
      }
      ragged = false;
      const at = end;
      end += frame.length;
      return blocks.flatMap((block, i) => {
        const place = { offset: at + starts[i]!, length: BLOCK_BYTES + bodies[i]!.length };
        return block.map(() => place);
      });
    },

    async read({ offset, length }, stamp) {
      const block = blockAt(await readAt(handle, offset, length), 0);
      if (!block?.well) throw new StorageCorrupt(`${path} is damaged at byte ${offset}`, path);
      return unsealed(path, sealer, block.body).find((change) => change.stamp === stamp);
    },

    async scan(onChange) {
      await scan(path, handle, marker, end, sealer, onChange);
    },

    close: () => handle.close(),
  };
}
