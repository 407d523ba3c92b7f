import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { StorageCorrupt, StorageUnreadable } from "./errors.ts";
import { unreadable, writeAll } from "./files.ts";
import {
  HEADER_BYTES,
  RECORD_BYTES,
  decodeBody,
  encodeBody,
  encodeFrame,
  parseHeader,
  recordAt,
} from "./log-format.ts";
import type { Change } from "./log-format.ts";
import { LogDamage, readAt, scanFrames } from "./log-scan.ts";
import { plainSealer } from "./sealer.ts";
import type { Sealer } from "./sealer.ts";

/** Where a record lies: its first byte, and how many. */
export interface Place {
  offset: number;
  length: number;
}

export type OnChange = (change: StoredChange, place: Place) => void | Promise<void>;
export type StoredChange = Change & { value: Buffer | null };

/** An append-only file of records; one owner. */
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
  /** @throws StorageCorrupt when the record's checksum is wrong */
  read(place: Place): Promise<StoredChange>;
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

/** @throws StorageUnreadable when a well record does not open: it was moved here from elsewhere */
export function unsealed(path: string, sealer: Sealer, body: Buffer): StoredChange {
  try {
    return decodeBody(sealer.open(body));
  } catch (error) {
    throw new StorageUnreadable(`${path} was encrypted for another business`, path, {
      cause: error,
    });
  }
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
    return await scanFrames(handle, marker, size, async (records, payloadAt) => {
      for (const { start, body } of records) {
        const place = { offset: payloadAt + start, length: RECORD_BYTES + body.length };
        await onChange(unsealed(path, sealer, body), place);
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
      const bodies = changes.map((change) => sealer.seal(encodeBody(change)));
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
      return bodies.map((body, i) => ({
        offset: at + starts[i]!,
        length: RECORD_BYTES + body.length,
      }));
    },

    async read({ offset, length }) {
      const record = recordAt(await readAt(handle, offset, length), 0);
      if (!record?.well) throw new StorageCorrupt(`${path} is damaged at byte ${offset}`, path);
      return unsealed(path, sealer, record.body);
    },

    async scan(onChange) {
      await scan(path, handle, marker, end, sealer, onChange);
    },

    close: () => handle.close(),
  };
}
