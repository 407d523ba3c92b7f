import { frame_ms } from "./mulaw.ts";
import type { Evidence } from "./voice-activity.ts";

/** 160 ms: within the pacer's lead, so that a false alarm up to here is not even heard. */
const first_look_frames = 8;
/** 360 ms: speech is confirmed within this, or it is no interruption. */
const window_frames = 18;
/** 100 ms of quiet end a cough. */
const quiet_frames = 5;
const least_strong = 2;

export interface BargeInSettings {
  enabled: boolean;
  grace_ms: number;
  confirm_ms: number;
}

/** One frame from the caller, as the voice activity judged it. */
export interface JudgedFrame {
  /** Above the threshold. */
  loud: boolean;
  /** As loud as the caller, not only as somebody behind. */
  strong: boolean;
  /** Asked for only when it matters; costs a little. */
  voiced(): boolean;
}

/**
 * What to do now. `freeze`: send the agent's audio no further. `resume`: go on at the exact
 * sample. `interrupt`: the caller took the turn.
 */
export type BargeInAction = "freeze" | "resume" | "interrupt" | null;

const is_loud = 1;
const is_strong = 2;
const is_voiced = 4;

/**
 * The two stages: the first loud frame freezes the agent, `confirm_ms` of voiced frames within
 * the window confirm; the model's own speech detection is a second way in.
 *
 * Times are monotonic milliseconds.
 */
export class BargeIn {
  /** First loud frame of the interruption at hand. */
  onset_at = 0;
  private stage: "idle" | "soft" = "idle";
  private frames = 0;
  private quiet = 0;
  /** The last 360 ms while there was something to interrupt. */
  private readonly window = new Uint8Array(window_frames);
  private remembers = false;
  private at = 0;
  private last_loud_at = -Infinity;
  private readonly settings: BargeInSettings;

  constructor(settings: BargeInSettings) {
    this.settings = settings;
  }

  get soft(): boolean {
    return this.stage === "soft";
  }

  /**
   * @param agent_since when the agent began to be heard (or will be: `now` minus the grace while
   *   an answer is on its way but not heard yet); null when there is nothing to interrupt
   */
  frame(frame: JudgedFrame, agent_since: number | null, now: number): BargeInAction {
    if (!this.settings.enabled) return null;
    const soft = this.stage === "soft";
    if (!soft && !this.interruptible(agent_since, now)) {
      if (this.remembers) this.reset();
      return null;
    }
    this.remember(frame, now);
    if (!soft) {
      if (!frame.loud) return null;
      this.stage = "soft";
      this.frames = 1;
      this.quiet = 0;
      return this.confirmed() ? this.confirm() : "freeze";
    }
    this.frames++;
    this.quiet = frame.loud ? 0 : this.quiet + 1;
    if (this.confirmed()) return this.confirm();
    const hopeless = this.frames >= first_look_frames && this.weak();
    if (hopeless || this.quiet >= quiet_frames || this.frames >= window_frames) {
      this.stage = "idle";
      return "resume";
    }
    return null;
  }

  /**
   * The model heard the caller begin to speak. `evidence` is what our own ears say of it: an
   * echo or somebody in the background does not interrupt, whatever the model thinks.
   */
  modelSpeechStarted(evidence: Evidence, agent_since: number | null, now: number): BargeInAction {
    if (!this.settings.enabled || evidence === "not_the_caller") return null;
    if (this.stage === "soft") {
      // Without a voiced frame so far it may be a cough: the frames decide.
      if (this.count(is_voiced) === 0 || this.count(is_strong) === 0) return null;
      return this.confirm();
    }
    if (!this.interruptible(agent_since, now)) return null;
    this.onset_at = now;
    return this.confirm();
  }

  /** Forget everything: the agent stopped for another reason. */
  reset(): void {
    this.stage = "idle";
    this.remembers = false;
    this.window.fill(0);
    this.last_loud_at = -Infinity;
  }

  private interruptible(agent_since: number | null, now: number): boolean {
    return agent_since !== null && now - agent_since >= this.settings.grace_ms;
  }

  private remember(frame: JudgedFrame, now: number): void {
    let flags = 0;
    this.remembers = true;
    if (frame.loud) {
      if (now - this.last_loud_at > window_frames * frame_ms) this.onset_at = now;
      this.last_loud_at = now;
      flags = is_loud | (frame.strong ? is_strong : 0) | (frame.voiced() ? is_voiced : 0);
    }
    this.window[this.at] = flags;
    this.at = (this.at + 1) % window_frames;
  }

  private count(flag: number, newest = window_frames): number {
    let count = 0;
    for (let i = 1; i <= newest; i++) {
      if (this.window[(this.at - i + window_frames) % window_frames]! & flag) count++;
    }
    return count;
  }

  private confirmed(): boolean {
    const voiced_ms = this.count(is_voiced) * frame_ms;
    return voiced_ms >= this.settings.confirm_ms && this.count(is_strong) >= least_strong;
  }

  /** Not the beginning of speech: mostly quiet since the freeze, or never as loud as the caller. */
  private weak(): boolean {
    const since = Math.min(this.frames, window_frames);
    return this.count(is_loud, since) * 2 < since || this.count(is_strong) === 0;
  }

  private confirm(): BargeInAction {
    this.reset();
    return "interrupt";
  }
}
