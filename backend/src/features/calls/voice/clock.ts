import type { Clock } from "./ports.ts";

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => new Date(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
