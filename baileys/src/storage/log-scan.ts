import type { FileHandle } from "node:fs/promises";
import {
  BLOCK_BYTES,
  FRAME_BYTES,
  HEADER_BYTES,
  blockAt,
  frameLength,
  parseHeader,
  splitPayload,
} from "./log-format.ts";
import type { Block } from "./log-format.ts";

/** Small enough to be worked through between two beats of the event loop. */
const CHUNK_BYTES = 128 * 1024;
const SECTOR_BYTES = 512;

/** Bytes that were acknowledged are damaged, from this offset on. */
export class LogDamage extends Error {
  override name = "LogDamage";
  readonly offset: number;

  constructor(offset: number) {
    super(`damaged at byte ${offset}`);
    this.offset = offset;
  }
}

let last: Promise<void> = Promise.resolve();

/**
 * Lets the event loop go round; of all who ask, one at a time comes back. So many files that are
 * gone through at once take longer, but what else the process has to do does not wait for them.
 */
function turn(): Promise<void> {
  last = last.then(() => new Promise((resolve) => setImmediate(resolve)));
  return last;
}

/** Reads exactly this much, unless the file ends before. */
export async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let have = 0;
  while (have < length) {
    const { bytesRead } = await file.read(bytes, have, length - have, offset + have);
    if (bytesRead === 0) break;
    have += bytesRead;
  }
  return bytes.subarray(0, have);
}

/**
 * Goes through all frames between the header and `size`. `onFrame` gets a frame's blocks and the
 * offset of its payload in the file.
 * @returns the end of the last whole frame; behind it may be what a cut write left, never
 *   acknowledged
 * @throws LogDamage
 */
export async function scanFrames(
  file: FileHandle,
  marker: number,
  size: number,
  onFrame: (blocks: Block[], payloadAt: number) => void | Promise<void>,
): Promise<number> {
  let offset = HEADER_BYTES;
  let wanted = CHUNK_BYTES;
  while (offset < size) {
    const chunk = await readAt(file, offset, Math.min(wanted, size - offset));
    await turn();
    let used = 0;
    for (;;) {
      const length = frameLength(chunk, used, marker);
      if (length === undefined || used + length > chunk.length) break;
      const blocks = splitPayload(chunk.subarray(used + FRAME_BYTES, used + length));
      if (!blocks?.every(({ well }) => well)) break;
      await onFrame(blocks, offset + used + FRAME_BYTES);
      used += length;
    }
    offset += used;
    if (used > 0) {
      wanted = CHUNK_BYTES;
      continue;
    }
    const length = frameLength(chunk, 0, marker);
    if (length !== undefined && length > chunk.length && offset + length <= size) {
      wanted = length;
      continue;
    }
    const rest = await readAt(file, offset, size - offset);
    if (wasCut(rest, offset, marker)) return offset;
    throw new LogDamage(offset);
  }
  return offset;
}

/**
 * Whether what is behind the last whole frame is a write that was cut (by a dead process or a
 * power cut) and not damage to what had been acknowledged. A frame is only written after the one
 * before it is on the disk, so with a whole frame behind it, it is damage. A cut write is short,
 * or sectors of it never came.
 */
function wasCut(rest: Buffer, offset: number, marker: number): boolean {
  if (frames(rest, marker, 1).next().value) return false;
  if (rest.length < FRAME_BYTES) return true;
  const length = frameLength(rest, 0, marker);
  if (length !== undefined && length > rest.length) return true;
  let at = 0;
  while (at < rest.length) {
    const next = at + SECTOR_BYTES - ((offset + at) % SECTOR_BYTES);
    if (rest.subarray(at, next).every((byte) => byte === 0)) return true;
    at = next;
  }
  return false;
}

/** Each complete frame that can be found from `from` on, whatever lies between them. */
function* frames(bytes: Buffer, marker: number, from: number): Generator<Block[]> {
  const sought = Buffer.alloc(4);
  sought.writeUInt32LE(marker);
  for (let at = bytes.indexOf(sought, from); at >= 0; at = bytes.indexOf(sought, at + 1)) {
    const length = frameLength(bytes, at, marker);
    if (length === undefined || at + length > bytes.length) continue;
    const blocks = wellBlocks(bytes.subarray(at + FRAME_BYTES, at + length));
    if (blocks.length > 0) yield blocks;
  }
}

/** Those that can be trusted of a payload in which others may be damaged. */
function wellBlocks(payload: Buffer): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  for (let block = blockAt(payload, at); block; block = blockAt(payload, at)) {
    if (block.well) blocks.push(block);
    at += BLOCK_BYTES + block.body.length;
  }
  return blocks;
}

/** All that can still be read of a damaged file, in the order in which it was written. */
export function salvage(bytes: Buffer): { fingerprint: number | undefined; blocks: Block[] } {
  const header = parseHeader(bytes);
  // Without a header the first frame still says what marks a frame.
  const known = bytes.length >= HEADER_BYTES + FRAME_BYTES;
  const marker = header?.marker ?? (known ? bytes.readUInt32LE(HEADER_BYTES) : undefined);
  const blocks = marker === undefined ? [] : [...frames(bytes, marker, HEADER_BYTES)].flat();
  return { fingerprint: header?.fingerprint, blocks };
}
