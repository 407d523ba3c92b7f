import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

/*
 * A log file:
 *   header   magic 8 · key fingerprint 4 · frame marker 4 · CRC-32 of these 4
 *   frames   marker 4 · payload length 4 · CRC-32 of these 4 · payload
 *   payload  records: length 4 · CRC-32 of length and body 4 · body (sealed or plain)
 *   body     operation 1 · stamp 6 · key length 2 · key · value
 * A frame is what one write put there: all of it counts, or nothing. Its marker is drawn for each
 * file, so nothing that a stranger writes can look like a frame. All numbers are little-endian.
 */
const MAGIC = Buffer.from("ALSTORE1", "latin1");
export const HEADER_BYTES = 20;
export const FRAME_BYTES = 12;
export const RECORD_BYTES = 8;
const BODY_BYTES = 9;
const PUT = 1;
const DELETE = 2;

export interface Header {
  fingerprint: number;
  marker: number;
}

export interface Change {
  key: string;
  /** null deletes. */
  value: Uint8Array | null;
  /** ms since the epoch; never the same twice in one file, never going back. */
  stamp: number;
}

/** A record where it lies in its payload; `well`: its checksum is right. */
export interface RawRecord {
  /** Of the record's length field, counted from the payload's beginning. */
  start: number;
  body: Buffer;
  well: boolean;
}

export function newHeader(fingerprint: number): { header: Header; bytes: Buffer } {
  const bytes = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(fingerprint, 8);
  randomBytes(4).copy(bytes, 12);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 16)), 16);
  return { header: { fingerprint, marker: bytes.readUInt32LE(12) }, bytes };
}

/** Undefined: it is not the header of such a file, or it is damaged. */
export function parseHeader(bytes: Buffer): Header | undefined {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, 8).equals(MAGIC)) return undefined;
  if (crc32(bytes.subarray(0, 16)) !== bytes.readUInt32LE(16)) return undefined;
  return { fingerprint: bytes.readUInt32LE(8), marker: bytes.readUInt32LE(12) };
}

export function encodeBody({ key, value, stamp }: Change): Buffer {
  const name = Buffer.from(key, "utf8");
  const body = Buffer.allocUnsafe(BODY_BYTES + name.length + (value?.length ?? 0));
  body.writeUInt8(value ? PUT : DELETE, 0);
  body.writeUIntLE(stamp, 1, 6);
  body.writeUInt16LE(name.length, 7);
  name.copy(body, BODY_BYTES);
  if (value) body.set(value, BODY_BYTES + name.length);
  return body;
}

export function decodeBody(body: Buffer): Change & { value: Buffer | null } {
  const end = BODY_BYTES + body.readUInt16LE(7);
  const deleted = body.readUInt8(0) === DELETE;
  return {
    key: body.toString("utf8", BODY_BYTES, end),
    value: deleted ? null : body.subarray(end),
    stamp: body.readUIntLE(1, 6),
  };
}

/** One frame of these (sealed) bodies. `starts`: of each record, counted from the frame's start. */
export function encodeFrame(
  marker: number,
  bodies: readonly Buffer[],
): { frame: Buffer; starts: number[] } {
  const length = bodies.reduce((sum, body) => sum + RECORD_BYTES + body.length, 0);
  const frame = Buffer.allocUnsafe(FRAME_BYTES + length);
  frame.writeUInt32LE(marker, 0);
  frame.writeUInt32LE(length, 4);
  frame.writeUInt32LE(crc32(frame.subarray(0, 8)), 8);
  const starts: number[] = [];
  let at = FRAME_BYTES;
  for (const body of bodies) {
    starts.push(at);
    frame.writeUInt32LE(body.length, at);
    frame.writeUInt32LE(crc32(body, crc32(frame.subarray(at, at + 4))), at + 4);
    body.copy(frame, at + RECORD_BYTES);
    at += RECORD_BYTES + body.length;
  }
  return { frame, starts };
}

/** The length of the whole frame that begins here; undefined when none does. */
export function frameLength(bytes: Buffer, at: number, marker: number): number | undefined {
  if (at + FRAME_BYTES > bytes.length || bytes.readUInt32LE(at) !== marker) return undefined;
  if (crc32(bytes.subarray(at, at + 8)) !== bytes.readUInt32LE(at + 8)) return undefined;
  return FRAME_BYTES + bytes.readUInt32LE(at + 4);
}

/** Undefined when the lengths of the records do not add up to the payload. */
export function splitPayload(payload: Buffer): RawRecord[] | undefined {
  const records: RawRecord[] = [];
  let at = 0;
  while (at < payload.length) {
    const record = recordAt(payload, at);
    if (!record) return undefined;
    records.push(record);
    at += RECORD_BYTES + record.body.length;
  }
  return records;
}

export function recordAt(bytes: Buffer, start: number): RawRecord | undefined {
  if (start + RECORD_BYTES > bytes.length) return undefined;
  const end = start + RECORD_BYTES + bytes.readUInt32LE(start);
  if (end > bytes.length || end < start + RECORD_BYTES + BODY_BYTES) return undefined;
  const body = bytes.subarray(start + RECORD_BYTES, end);
  const sum = crc32(body, crc32(bytes.subarray(start, start + 4)));
  return { start, body, well: sum === bytes.readUInt32LE(start + 4) };
}
