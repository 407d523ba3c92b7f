import { base64Length, encodeBase64 } from "./base64.ts";

const slab_bytes = 16_384;
const text_frame = 0x81;
const length_follows = 126;

/** The TCP socket under a WebSocket. */
export interface Wire {
  write(bytes: Uint8Array): unknown;
}

/**
 * Text frames of a WebSocket server (RFC 6455, not masked), put together in one piece of memory
 * and written with one system call, however many there are.
 */
export class TextFrames {
  private slab = Buffer.allocUnsafeSlow(slab_bytes);
  private from = 0;
  private to = 0;
  private readonly wire: Wire;

  constructor(wire: Wire) {
    this.wire = wire;
  }

  /** A message of ASCII text. */
  add(message: string): void {
    const bytes = Buffer.from(message);
    this.header(bytes.length);
    this.to += bytes.copy(this.slab, this.to);
  }

  /** The message `prefix + base64(bytes) + suffix`. */
  addBase64(prefix: Buffer, bytes: Uint8Array, suffix: Buffer): void {
    this.header(prefix.length + base64Length(bytes.length) + suffix.length);
    const { slab } = this;
    slab.set(prefix, this.to);
    const end = encodeBase64(bytes, bytes.length, slab, this.to + prefix.length);
    slab.set(suffix, end);
    this.to = end + suffix.length;
  }

  /** Writes what was added. */
  flush(): void {
    if (this.to === this.from) return;
    // Never written to again: the socket may hold on to it.
    const bytes = this.slab.subarray(this.from, this.to);
    this.from = this.to;
    this.wire.write(bytes);
  }

  private header(length: number): void {
    if (length > 0xffff) throw new RangeError(`a message of ${length} bytes`);
    if (this.to + length + 4 > this.slab.length) {
      this.flush();
      this.slab = Buffer.allocUnsafeSlow(Math.max(slab_bytes, length + 4));
      this.from = this.to = 0;
    }
    const { slab } = this;
    slab[this.to++] = text_frame;
    if (length < length_follows) {
      slab[this.to++] = length;
      return;
    }
    slab[this.to++] = length_follows;
    slab[this.to++] = length >> 8;
    slab[this.to++] = length & 0xff;
  }
}
