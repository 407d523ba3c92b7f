import { randomFillSync } from "node:crypto";
import { base64Length, encodeBase64 } from "./base64.ts";

const slab_bytes = 16_384;
const text_frame = 0x81;
const masked = 0x80;
const length_follows = 126;
const longest_header = 8;
const mask_pool_bytes = 4_096;

/** The TCP socket under a WebSocket. */
export interface Wire {
  /** Bytes that were written and not yet taken by the system. */
  readonly writableLength: number;
  write(bytes: Uint8Array): unknown;
}

/**
 * Text frames of a WebSocket (RFC 6455), put together in one piece of memory and written with
 * one system call, however many there are. A client masks them with fresh random keys.
 */
export class TextFrames {
  private slab = Buffer.allocUnsafeSlow(slab_bytes);
  private from = 0;
  private to = 0;
  private readonly wire: Wire;
  private readonly masks: MaskKeys | null;

  constructor(wire: Wire, side: "server" | "client") {
    this.wire = wire;
    this.masks = side === "client" ? new MaskKeys() : null;
  }

  add(message: string): void {
    this.addBytes(Buffer.from(message));
  }

  /** A message in pieces, each of ASCII or UTF-8 text. */
  addBytes(...pieces: Uint8Array[]): void {
    let length = 0;
    for (const piece of pieces) length += piece.length;
    const start = this.header(length);
    for (const piece of pieces) {
      this.slab.set(piece, this.to);
      this.to += piece.length;
    }
    this.masks?.apply(this.slab, start, this.to);
  }

  /** The message `prefix + base64(bytes) + suffix`. */
  addBase64(prefix: Uint8Array, bytes: Uint8Array, suffix: Uint8Array): void {
    const start = this.header(prefix.length + base64Length(bytes.length) + suffix.length);
    const { slab } = this;
    slab.set(prefix, start);
    const end = encodeBase64(bytes, bytes.length, slab, start + prefix.length);
    slab.set(suffix, end);
    this.to = end + suffix.length;
    this.masks?.apply(slab, start, this.to);
  }

  /** Writes what was added. */
  flush(): void {
    if (this.to === this.from) return;
    this.wire.write(this.slab.subarray(this.from, this.to));
    // What the socket still holds on to is not written over; usually the system took it at once.
    if (this.wire.writableLength === 0) this.to = 0;
    this.from = this.to;
  }

  /** Makes room and writes the header; returns where the message begins. */
  private header(length: number): number {
    if (length > 0xffff) throw new RangeError(`a message of ${length} bytes`);
    if (this.to + length + longest_header > this.slab.length) {
      this.flush();
      this.slab = Buffer.allocUnsafeSlow(Math.max(slab_bytes, length + longest_header));
      this.from = this.to = 0;
    }
    const { slab, masks } = this;
    const flag = masks ? masked : 0;
    slab[this.to++] = text_frame;
    if (length < length_follows) {
      slab[this.to++] = flag | length;
    } else {
      slab[this.to++] = flag | length_follows;
      slab[this.to++] = length >> 8;
      slab[this.to++] = length & 0xff;
    }
    if (masks) this.to = masks.draw(slab, this.to);
    return this.to;
  }
}

/** Unpredictable masking keys, drawn from a pool. */
class MaskKeys {
  private readonly pool = new Uint8Array(mask_pool_bytes);
  private next = mask_pool_bytes;

  /** Writes a new key to `out` at `at`; returns the end of it. */
  draw(out: Uint8Array, at: number): number {
    if (this.next === mask_pool_bytes) {
      randomFillSync(this.pool);
      this.next = 0;
    }
    for (let i = 0; i < 4; i++) out[at + i] = this.pool[this.next++]!;
    return at + 4;
  }

  /** Masks `bytes` from `from` to `to` with the key right before it. */
  apply(bytes: Uint8Array, from: number, to: number): void {
    const a = bytes[from - 4]!;
    const b = bytes[from - 3]!;
    const c = bytes[from - 2]!;
    const d = bytes[from - 1]!;
    let i = from;
    for (const whole = to - ((to - from) % 4); i < whole; i += 4) {
      bytes[i] = bytes[i]! ^ a;
      bytes[i + 1] = bytes[i + 1]! ^ b;
      bytes[i + 2] = bytes[i + 2]! ^ c;
      bytes[i + 3] = bytes[i + 3]! ^ d;
    }
    for (const first = i; i < to; i++) bytes[i] = bytes[i]! ^ bytes[from - 4 + (i - first)]!;
  }
}
