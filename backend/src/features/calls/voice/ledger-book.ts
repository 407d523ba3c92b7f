import type { BargeInEntry, Ledger } from "./ports.ts";

const long_silence_ms = 3_000;

/** The figures of one call, and the silences the caller had to bear. */
export class LedgerBook {
  readonly ledger: Ledger = {
    greeting_ms: null,
    answers_ms: [],
    barge_ins: [],
    silences_over_3s: 0,
    fallback_reason: null,
    end_reason: null,
  };
  private waiting_since: number | null = null;
  private counted = false;
  private readonly changed: (ledger: Ledger) => void;

  constructor(changed: (ledger: Ledger) => void) {
    this.changed = changed;
  }

  greeting(ms: number): void {
    this.ledger.greeting_ms = Math.round(ms);
    this.publish();
  }

  answer(ms: number): void {
    this.ledger.answers_ms.push(Math.round(ms));
    this.publish();
  }

  bargeIn(entry: BargeInEntry): void {
    this.ledger.barge_ins.push(entry);
    this.publish();
  }

  /**
   * Called often: `since` is when the agent was last heard or the caller last spoke while the
   * agent owes something, null while nobody waits for it.
   */
  waiting(since: number | null, now: number): void {
    if (since === null || since !== this.waiting_since) {
      this.waiting_since = since;
      this.counted = false;
    }
    if (since === null || this.counted || now - since <= long_silence_ms) return;
    this.counted = true;
    this.ledger.silences_over_3s++;
    this.publish();
  }

  /** A copy that later changes do not touch. */
  snapshot(): Ledger {
    return structuredClone(this.ledger);
  }

  private publish(): void {
    this.changed(this.snapshot());
  }
}
