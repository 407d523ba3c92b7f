import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

/*
 * A log file:
 *   header   magic 8 · key fingerprint 4 · frame marker 4 · CRC-32 of these 4
 *   frames   marker 4 · payload length 4 · CRC-32 of these 4 · payload
 *   payload  blocks: length 4 · CRC-32 of length and body 4 · body (sealed or plain)
 *   body     changes: operation 1 · stamp 6 · key length 2 · value length 4 · key · value
 * A frame is what one write put there: all of it counts, or nothing. Its marker is drawn for each
 * file, so nothing that a stranger writes can look like a frame. A block is what is sealed and
 * read at once: small, yet with more than one change, for a seal costs more than what is in it.
 * All numbers are little-endian.
 */
const MAGIC = Buffer.from("ALSTORE1", "latin1");
export const HEADER_BYTES = 20;
export const FRAME_BYTES = 12;
export const BLOCK_BYTES = 8;
const CHANGE_BYTES = 13;
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

export type StoredChange = Change & { value: Buffer | null };

/** A block where it lies in its payload; `well`: its checksum is right. */
export interface Block {
  /** Of the block's length field, counted from the payload's beginning. */
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

/** What a change takes of a block's body. */
export function changeBytes({ key, value }: Change): number {
  return CHANGE_BYTES + Buffer.byteLength(key, "utf8") + (value?.length ?? 0);
}

export function encodeBody(changes: readonly Change[]): Buffer {
  const body = Buffer.allocUnsafe(changes.reduce((sum, change) => sum + changeBytes(change), 0));
  let at = 0;
  for (const { key, value, stamp } of changes) {
    body.writeUInt8(value ? PUT : DELETE, at);
    body.writeUIntLE(stamp, at + 1, 6);
    body.writeUInt32LE(value?.length ?? 0, at + 9);
    const named = body.write(key, at + CHANGE_BYTES, "utf8");
    body.writeUInt16LE(named, at + 7);
    at += CHANGE_BYTES + named;
    if (value) body.set(value, at);
    at += value?.length ?? 0;
  }
  return body;
}

export function decodeBody(body: Buffer): StoredChange[] {
  const changes: StoredChange[] = [];
  let at = 0;
  while (at < body.length) {
    const from = at + CHANGE_BYTES + body.readUInt16LE(at + 7);
    const end = from + body.readUInt32LE(at + 9);
    changes.push({
      key: body.toString("utf8", at + CHANGE_BYTES, from),
      value: body.readUInt8(at) === DELETE ? null : body.subarray(from, end),
      stamp: body.readUIntLE(at + 1, 6),
    });
    at = end;
  }
  return changes;
}

/** One frame of these (sealed) bodies. `starts`: of each block, counted from the frame's start. */
export function encodeFrame(
  marker: number,
  bodies: readonly Buffer[],
): { frame: Buffer; starts: number[] } {
  const length = bodies.reduce((sum, body) => sum + BLOCK_BYTES + body.length, 0);
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
    body.copy(frame, at + BLOCK_BYTES);
    at += BLOCK_BYTES + body.length;
  }
  return { frame, starts };
}

/** The length of the whole frame that begins here; undefined when none does. */
export function frameLength(bytes: Buffer, at: number, marker: number): number | undefined {
  if (at + FRAME_BYTES > bytes.length || bytes.readUInt32LE(at) !== marker) return undefined;
  if (crc32(bytes.subarray(at, at + 8)) !== bytes.readUInt32LE(at + 8)) return undefined;
  return FRAME_BYTES + bytes.readUInt32LE(at + 4);
}

/** Undefined when the lengths of the blocks do not add up to the payload. */
export function splitPayload(payload: Buffer): Block[] | undefined {
  const blocks: Block[] = [];
  let at = 0;
  while (at < payload.length) {
    const block = blockAt(payload, at);
    if (!block) return undefined;
    blocks.push(block);
    at += BLOCK_BYTES + block.body.length;
  }
  return blocks;
}

export function blockAt(bytes: Buffer, start: number): Block | undefined {
  if (start + BLOCK_BYTES > bytes.length) return undefined;
  const end = start + BLOCK_BYTES + bytes.readUInt32LE(start);
  if (end > bytes.length || end < start + BLOCK_BYTES + CHANGE_BYTES) return undefined;
  const body = bytes.subarray(start + BLOCK_BYTES, end);
  const sum = crc32(body, crc32(bytes.subarray(start, start + 4)));
  return { start, body, well: sum === bytes.readUInt32LE(start + 4) };
}
