/**
 * A number hidden in the first 8 bytes of a 20 ms µ-law frame, four bits each, as sound so soft
 * that nothing takes it for speech. By it each end knows what the other sent, whatever lies
 * between them.
 */

export const frame_bytes = 160;
export const frame_ms = 20;
const tag_bytes = 8;
/** The base64 characters that hold the tag. */
const tag_characters = 12;
const soft = 0xf0;
const frame_bits = 12;

/** Writes `value` (32 bits) into the frame at `at`. */
export function writeTag(audio: Buffer, at: number, value: number): void {
  for (let i = 0; i < tag_bytes; i++) {
    audio[at + i] = soft | ((value >>> (28 - 4 * i)) & 0x0f);
  }
}

/** The number in a frame given as base64, or null when there is none. */
export function readTag(payload: string): number | null {
  const bytes = Buffer.from(payload.slice(0, tag_characters), "base64");
  let value = 0;
  for (let i = 0; i < tag_bytes; i++) {
    const byte = bytes[i];
    if (byte === undefined || (byte & 0xf0) !== soft) return null;
    value = ((value << 4) | (byte & 0x0f)) >>> 0;
  }
  // Digital silence reads as all ones.
  return value === 0xffff_ffff ? null : value;
}

/** The agent's audio with every frame tagged by response and position; whole frames only. */
export function tagFrames(audio: Buffer, response: number): Buffer {
  const frames = Math.floor(audio.length / frame_bytes);
  const tagged = Buffer.from(audio.subarray(0, frames * frame_bytes));
  for (let i = 0; i < frames; i++) writeTag(tagged, i * frame_bytes, frameTag(response, i));
  return tagged;
}

function frameTag(response: number, frame: number): number {
  return ((response << frame_bits) | frame) >>> 0;
}

/** Which frame of which response a tag names. */
export function splitTag(tag: number): { response: number; frame: number } {
  return { response: tag >>> frame_bits, frame: tag & ((1 << frame_bits) - 1) };
}

/** Bytes of audio in a base64 payload. */
export function payloadBytes(payload: string): number {
  const padding = payload.endsWith("==") ? 2 : payload.endsWith("=") ? 1 : 0;
  return (payload.length >> 2) * 3 - padding;
}
