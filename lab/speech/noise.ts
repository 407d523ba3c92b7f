import { gaussian, seeded } from "./random.ts";

const rate = 8000;

function amplitude(dbfs: number): number {
  return 32_768 * 10 ** (dbfs / 20);
}

/** White noise of `ms` at `dbfs` (RMS, 0 dB = full scale). */
export function whiteNoise(ms: number, dbfs: number, seed = 1): Int16Array {
  const random = seeded(seed);
  const level = amplitude(dbfs);
  return Int16Array.from({ length: (ms * rate) / 1000 }, () => {
    return Math.max(-32_768, Math.min(32_767, gaussian(random) * level));
  });
}

/** The hiss a trunk inserts when nobody speaks: −58 dBFS, so that silence is never exact. */
export function comfortNoise(ms: number, seed = 7): Int16Array {
  return whiteNoise(ms, -58, seed);
}

/** A cough: 120 ms, 8 ms of attack, then falling by 24 dB. Peaks about −9 dBFS. */
export function cough(seed = 3): Int16Array {
  const burst = whiteNoise(120, -12, seed);
  const attack = 8 * (rate / 1000);
  return burst.map((sample, i) => {
    const fall = 10 ** ((-24 * (i / burst.length)) / 20);
    return Math.round(sample * Math.min(1, i / attack) * fall);
  });
}
