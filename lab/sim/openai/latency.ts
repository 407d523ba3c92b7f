import { setTimeout as sleep } from "node:timers/promises";
import { seeded } from "../../speech/random.ts";

/** A range in milliseconds, both ends included. */
export type Range = readonly [number, number];

/** How quick the service is. Delays are drawn from the ranges by a seeded generator. */
export interface Latency {
  /** response.create (or the caller's stop) → first output event. */
  think_ms: Range;
  /** The caller's stop → transcript. */
  transcribe_ms: Range;
  /** Audio in one delta. */
  chunk_ms: Range;
  /** How many times faster than real time audio is made. */
  speed: number;
  seed: number;
}

export const usual_latency: Latency = {
  think_ms: [120, 260],
  transcribe_ms: [150, 450],
  chunk_ms: [200, 400],
  speed: 5,
  seed: 1,
};

/** Draws from the ranges. */
export class Delays {
  readonly latency: Latency;
  #random: () => number;

  constructor(latency: Latency) {
    this.latency = latency;
    this.#random = seeded(latency.seed);
  }

  draw([low, high]: Range): number {
    return low + (high - low) * this.#random();
  }
}

/** Sleeps; false when it was aborted meanwhile. */
export async function slept(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  return sleep(ms, true, { signal }).catch(() => false);
}
