import type { Deadlines } from "./deadlines.ts";
import type { CallLimits } from "./limits.ts";

export type WaitKind = "greeting" | "answer" | "stall" | "prompt";
export type DeadlineName = "filler" | "recover" | "give_up" | "commit" | "retry";

/** A filler is followed by another after this, so that no silence becomes long. */
const refill_ms = 4_000;
/** About the length of a filler. */
const filler_ms = 1_500;
const again_ms = 1_000;
const hearing_ms = 1_000;

export interface WaitingEvents {
  /** Say something recorded; false when this is not the moment. */
  filler(): boolean;
  /** The model is too late: open another session. False when this is not the moment. */
  recover(kind: WaitKind): boolean;
  /** The session opened instead is too late as well. */
  giveUp(): void;
}

/**
 * The caller waits for the agent. Each wait has its rungs: a recorded filler, then another model
 * session, then the end.
 */
export class Waiting {
  kind: WaitKind | null = null;
  /** What the answer's time is counted from: the caller's last word. */
  since = 0;
  private filled_at = -Infinity;
  private readonly deadlines: Deadlines<DeadlineName>;
  private readonly limits: CallLimits;
  private readonly events: WaitingEvents;

  constructor(deadlines: Deadlines<DeadlineName>, limits: CallLimits, events: WaitingEvents) {
    this.deadlines = deadlines;
    this.limits = limits;
    this.events = events;
  }

  /** Begins a wait; an answer that is waited for already keeps its beginning. */
  begin(kind: WaitKind, since: number): void {
    if (this.kind !== "answer" && this.kind !== "greeting") {
      this.kind = kind;
      this.since = since;
    }
    this.arm(since);
  }

  /** A tool is running, with deadlines of its own; only the filler goes on. */
  hold(now: number): void {
    if (this.kind === null) this.begin("prompt", now);
    this.deadlines.clear("recover", "give_up");
    this.fillAt(this.soonest(now, now + this.limits.tool_filler_ms));
  }

  /** The model has something new to answer to: the rungs count from now. */
  again(now: number): void {
    if (this.kind === null) return this.begin("prompt", now);
    this.arm(now);
    this.fillAt(this.soonest(now, now + this.limits.answer_filler_ms));
  }

  /**
   * Another session was opened in the middle of a wait.
   * @param unheard it hears the caller's turn only now
   */
  recovering(now: number, unheard: boolean): void {
    this.deadlines.clear("recover");
    if (this.kind === null) return;
    const at = now + this.limits.recovery_deadline_ms + (unheard ? hearing_ms : 0);
    this.deadlines.set("give_up", at, () => this.events.giveUp());
    if (!this.events.filler()) return;
    this.filled_at = now;
    this.fillAt(now + refill_ms);
  }

  end(): void {
    this.kind = null;
    this.deadlines.clear("filler", "recover", "give_up", "retry");
  }

  private arm(from: number): void {
    const { kind, limits } = this;
    if (kind === null) return;
    const [filler, deadline] =
      kind === "greeting"
        ? [limits.greeting_filler_ms, limits.greeting_deadline_ms]
        : kind === "stall"
          ? [limits.stall_filler_ms, limits.stall_deadline_ms]
          : [limits.answer_filler_ms, limits.answer_deadline_ms];
    this.fillAt(from + filler);
    this.deadlines.clear("give_up");
    this.recoverAt(from + deadline, kind);
  }

  private recoverAt(at: number, kind: WaitKind): void {
    this.deadlines.set("recover", at, () => {
      if (!this.events.recover(kind)) this.recoverAt(at + again_ms, kind);
    });
  }

  /** `at`, or earlier when the caller has been in silence for long: whatever the reasons were. */
  private soonest(now: number, at: number): number {
    const quiet_from = Math.max(this.since, this.filled_at + filler_ms);
    return Math.max(now, Math.min(at, quiet_from + this.limits.answer_filler_ms));
  }

  private fillAt(at: number): void {
    this.deadlines.set("filler", at, () => {
      if (this.events.filler()) this.filled_at = at;
      this.fillAt(at + refill_ms);
    });
  }
}
