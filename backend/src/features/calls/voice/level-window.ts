import { silence_db } from "./mulaw.ts";

const bins = -silence_db + 1;

/** The last `size` frame levels, with any percentile of them. 1 dB resolution. */
export class LevelWindow {
  private readonly ring: Uint8Array;
  private readonly counts = new Uint16Array(bins);
  private next = 0;
  private filled = 0;

  constructor(size: number) {
    this.ring = new Uint8Array(size);
  }

  get length(): number {
    return this.filled;
  }

  add(db: number): void {
    const bin = Math.max(0, Math.min(bins - 1, Math.round(db - silence_db)));
    if (this.filled === this.ring.length) this.counts[this.ring[this.next]!]!--;
    else this.filled++;
    this.ring[this.next] = bin;
    this.counts[bin]!++;
    this.next = (this.next + 1) % this.ring.length;
  }

  /** The level that `share` (0–1) of the frames do not exceed. `silence_db` when empty. */
  percentile(share: number): number {
    let left = share * this.filled;
    for (let bin = 0; bin < bins; bin++) {
      left -= this.counts[bin]!;
      if (left <= 0 && this.filled > 0) return bin + silence_db;
    }
    return silence_db;
  }
}
