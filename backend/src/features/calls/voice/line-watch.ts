import type { LedgerBook } from "./ledger-book.ts";
import type { CallRecorder } from "./ports.ts";

/** Who is audible on the line now, and how long the caller waits in silence. */
export class LineWatch {
  /** Null: nobody. */
  speaking: "caller" | "agent" | null = null;
  private audible_at: number;
  private readonly recorder: CallRecorder;
  private readonly book: LedgerBook;

  constructor(recorder: CallRecorder, book: LedgerBook, now: number) {
    this.recorder = recorder;
    this.book = book;
    this.audible_at = now;
  }

  /** Called often. `owes_since`: since when the agent owes the caller something, or null. */
  tick(now: number, agent_heard: boolean, caller_speaks: boolean, owes_since: number | null): void {
    const who = agent_heard ? "agent" : caller_speaks ? "caller" : null;
    if (who !== this.speaking) {
      this.speaking = who;
      this.recorder.speaking(who);
    }
    if (who !== null) this.audible_at = now;
    this.book.waiting(owes_since && Math.max(owes_since, this.audible_at), now);
  }
}
