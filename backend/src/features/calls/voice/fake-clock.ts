import type { Clock } from "./ports.ts";

/** A clock that stands still until it is moved; for tests. */
export class FakeClock implements Clock {
  private time = 1_000;
  private timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.time;
  }

  wall(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.time);
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.time + Math.max(0, ms), run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  get pending(): number {
    return this.timers.length;
  }

  /** Moves on, running what falls due in its order. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = this.timers.toSorted((a, b) => a.at - b.at)[0];
      if (!next || next.at > end) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.time = Math.max(this.time, next.at);
      next.run();
    }
    this.time = end;
  }
}
