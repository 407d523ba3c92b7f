import type { Clock } from "./ports.ts";

export const tick_ms = 20;

/** Runs each subscriber every 40 ms, half of them on even and half on odd ticks. */
export interface Ticker {
  /** Returns what ends it. A subscriber that throws is reported and goes on. */
  add(run: (now: number) => void, failed: (error: unknown) => void): () => void;
}

/**
 * One timer for all calls of the process. Deadlines are absolute, so that a late tick does not
 * make the following ones late; after a stall the missed ticks are not caught up.
 */
export function createTicker(clock: Clock): Ticker {
  type Entry = { run: (now: number) => void; failed: (error: unknown) => void };
  const halves: [Set<Entry>, Set<Entry>] = [new Set(), new Set()];
  let turn = 0;
  let due = 0;
  let cancel: (() => void) | null = null;

  function schedule(): void {
    due += tick_ms;
    const now = clock.now();
    if (due < now - tick_ms) due = now;
    cancel = clock.after(Math.max(0, due - now), tick);
  }

  function tick(): void {
    cancel = null;
    const now = clock.now();
    turn ^= 1;
    for (const entry of halves[turn as 0 | 1]) {
      try {
        entry.run(now);
      } catch (error) {
        entry.failed(error);
      }
    }
    if (halves[0].size + halves[1].size > 0) schedule();
  }

  return {
    add(run, failed) {
      const entry = { run, failed };
      const half = halves[0].size <= halves[1].size ? halves[0] : halves[1];
      half.add(entry);
      if (cancel === null) {
        due = clock.now();
        schedule();
      }
      return () => {
        half.delete(entry);
        if (halves[0].size + halves[1].size === 0) {
          cancel?.();
          cancel = null;
        }
      };
    },
  };
}
