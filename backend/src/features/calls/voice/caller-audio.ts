import { bytes_per_ms } from "./mulaw.ts";

const kept_ms = 15_000;
const chunk_ms = 500;

/**
 * The caller's last 15 s, so that a model session that comes late, or in place of one that was
 * lost, hears what the caller said meanwhile. Positions are ms since the first frame.
 */
export class CallerAudio {
  /** End of what has come. */
  position_ms = 0;
  private readonly ring = Buffer.alloc(kept_ms * bytes_per_ms, 0xff);

  push(bytes: Uint8Array, length: number): void {
    const { ring } = this;
    let at = (this.position_ms * bytes_per_ms) % ring.length;
    for (let i = 0; i < length; i++) {
      ring[at++] = bytes[i]!;
      if (at === ring.length) at = 0;
    }
    this.position_ms += length / bytes_per_ms;
  }

  /** Base64 pieces of up to 500 ms from `from_ms`, or from the oldest kept, to the end. */
  *since(from_ms: number): Generator<Buffer> {
    const oldest = Math.max(0, this.position_ms - kept_ms);
    const size = this.ring.length;
    let at = Math.max(oldest, from_ms) * bytes_per_ms;
    const end = this.position_ms * bytes_per_ms;
    while (at < end) {
      const from = at % size;
      const length = Math.min(chunk_ms * bytes_per_ms, end - at, size - from);
      yield Buffer.from(this.ring.toString("base64", from, from + length));
      at += length;
    }
  }
}
