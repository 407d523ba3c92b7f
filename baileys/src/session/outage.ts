import { OUTAGE_MS } from "./timing.ts";

const MOST_JITTER = 0.2;
/** So many closes within a few seconds are one outage and not so many accidents. */
const MANY = 3;

/** Spreads the reconnects when many connections went at once. Call it at each close. */
export function createJitter(now: () => number = Date.now, random: () => number = Math.random) {
  let closes: number[] = [];
  return (): number => {
    closes = [...closes.filter((at) => now() - at < OUTAGE_MS), now()];
    return closes.length < MANY ? 0 : random() * MOST_JITTER;
  };
}
