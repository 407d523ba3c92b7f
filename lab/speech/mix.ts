import { whiteNoise } from "./noise.ts";

/** Root mean square in dBFS (0 = full scale); −100 for digital silence. */
export function rmsDb(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  return rms === 0 ? -100 : Math.max(-100, 20 * Math.log10(rms / 32_768));
}

/** Level of the loud parts: RMS over the 20 ms frames within 20 dB of the loudest. */
export function speechDb(samples: Int16Array): number {
  const frames: number[] = [];
  for (let at = 0; at + 160 <= samples.length; at += 160) {
    frames.push(rmsDb(samples.subarray(at, at + 160)));
  }
  const loudest = Math.max(-100, ...frames);
  const loud = frames.filter((db) => db > loudest - 20);
  const power = loud.reduce((sum, db) => sum + 10 ** (db / 10), 0) / Math.max(1, loud.length);
  return power === 0 ? -100 : 10 * Math.log10(power);
}

/** The same audio, `db` louder (negative: softer), clipped. */
export function gain(samples: Int16Array, db: number): Int16Array {
  const factor = 10 ** (db / 20);
  return samples.map((sample) => clamp(sample * factor));
}

/** Sum of both, `over` starting at sample `at`; as long as `base`. */
export function mix(base: Int16Array, over: Int16Array, at = 0): Int16Array {
  return base.map((sample, i) => clamp(sample + (over[i - at] ?? 0)));
}

/** White noise `snr_db` under the level of the speech in `samples`. */
export function withNoise(samples: Int16Array, snr_db: number, seed = 1): Int16Array {
  const ms = Math.ceil(samples.length / 8);
  return mix(samples, whiteNoise(ms, speechDb(samples) - snr_db, seed));
}

/** Joined one after the other. */
export function join(...parts: Int16Array[]): Int16Array {
  const out = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** `ms` of digital silence at 8 kHz. */
export function silence(ms: number): Int16Array {
  return new Int16Array(ms * 8);
}

function clamp(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value)));
}
