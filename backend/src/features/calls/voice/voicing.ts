import { linear } from "./mulaw.ts";

const window_bytes = 320;
const decimation = 4;
const points = window_bytes / decimation - 1;
/** Pitch periods looked for, in 2 kHz samples: 62–400 Hz. */
const shortest = 5;
const longest = 32;

/**
 * Whether the last 40 ms have a pitch. Vowels do; coughs, clicks, breath and line noise do not.
 * Remembers the audio cheaply and computes only when asked.
 */
export class Voicing {
  private readonly ring = new Uint8Array(window_bytes).fill(0xff);
  private readonly low = new Float64Array(points);

  /** The newest frame, µ-law. */
  push(bytes: Uint8Array, length: number): void {
    const { ring } = this;
    const kept = Math.max(0, window_bytes - length);
    ring.copyWithin(0, window_bytes - kept);
    for (let to = kept, from = Math.max(0, length - window_bytes); to < window_bytes;) {
      ring[to++] = bytes[from++]!;
    }
  }

  /** Highest normalised autocorrelation at a pitch period; about 0.3 for noise, 1 for a hum. */
  strength(): number {
    this.decimate();
    const { low } = this;
    let best = 0;
    for (let lag = shortest; lag <= longest; lag++) {
      let product = 0;
      let head = 0;
      let tail = 0;
      for (let i = lag; i < points; i++) {
        const a = low[i]!;
        const b = low[i - lag]!;
        product += a * b;
        head += a * a;
        tail += b * b;
      }
      const energy = Math.sqrt(head * tail);
      if (energy > 0 && product / energy > best) best = product / energy;
    }
    return best;
  }

  /** To 2 kHz through a triangular low-pass, mean removed. */
  private decimate(): void {
    const { ring, low } = this;
    let sum = 0;
    for (let i = 0; i < points; i++) {
      const at = i * decimation;
      let value = 0;
      for (let k = 0; k < decimation; k++) {
        value += linear[ring[at + k]!]! * (k + 1);
        value += linear[ring[at + 7 - k]!]! * (k + 1);
      }
      low[i] = value;
      sum += value;
    }
    const mean = sum / points;
    for (let i = 0; i < points; i++) low[i]! -= mean;
  }
}
