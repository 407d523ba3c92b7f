import type { CallLimits } from "./limits.ts";

/** Nobody speaks and nothing is being done: first a question, then the end. */
export class IdleWatch {
  private since: number;
  private asked = false;
  private readonly limits: CallLimits;

  constructor(limits: CallLimits, now: number) {
    this.limits = limits;
    this.since = now;
  }

  /** The caller is there. */
  callerActive(now: number): void {
    this.asked = false;
    this.since = now;
  }

  /** Called often; tells once what is due. */
  tick(now: number, busy: boolean): "ask" | "end" | null {
    if (busy) {
      this.since = now;
      return null;
    }
    const idle = now - this.since;
    if (!this.asked && idle > this.limits.no_input_ms) {
      this.asked = true;
      this.since = now;
      return "ask";
    }
    if (!this.asked || idle <= this.limits.no_input_end_ms) return null;
    this.since = now;
    return "end";
  }
}
