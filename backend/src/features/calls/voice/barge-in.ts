import { frame_ms } from "./mulaw.ts";
import type { Evidence } from "./voice-activity.ts";

/** 160 ms: within the pacer's lead, so that a false alarm up to here is not even heard. */
const first_look_frames = 8;
/** 360 ms: what is not confirmed by then is not an interruption. */
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
  private loud = 0;
  private strong = 0;
  private voiced = 0;
  private quiet = 0;
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
    if (this.stage === "idle") {
      if (!frame.loud || !this.interruptible(agent_since, now)) return null;
      this.begin(now);
      this.count(frame);
      return "freeze";
    }
    this.count(frame);
    const long_enough = this.voiced * frame_ms >= this.settings.confirm_ms;
    if (long_enough && this.strong >= least_strong) return this.confirm();
    const weak = this.loud * 2 < this.frames || this.strong === 0;
    const hopeless = this.frames >= first_look_frames && weak;
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
      if (this.voiced === 0 || this.strong === 0) return null;
      return this.confirm();
    }
    if (!this.interruptible(agent_since, now)) return null;
    this.onset_at = now;
    return this.confirm();
  }

  /** Forget everything: the agent stopped for another reason. */
  reset(): void {
    this.stage = "idle";
  }

  private interruptible(agent_since: number | null, now: number): boolean {
    return agent_since !== null && now - agent_since >= this.settings.grace_ms;
  }

  private begin(now: number): void {
    this.stage = "soft";
    this.onset_at = now;
    this.frames = this.loud = this.strong = this.voiced = this.quiet = 0;
  }

  private count(frame: JudgedFrame): void {
    this.frames++;
    if (!frame.loud) {
      this.quiet++;
      return;
    }
    this.quiet = 0;
    this.loud++;
    if (frame.strong) this.strong++;
    if (frame.voiced()) this.voiced++;
  }

  private confirm(): BargeInAction {
    this.reset();
    return "interrupt";
  }
}
