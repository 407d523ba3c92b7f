import { CallerLevel } from "./caller-level.ts";
import { EchoReturn } from "./echo-return.ts";
import { LevelWindow } from "./level-window.ts";
import { meanSquare, silence_db, toDb } from "./mulaw.ts";
import { NoiseFloor } from "./noise-floor.ts";
import { Voicing } from "./voicing.ts";

/** No line is so quiet that less than this is speech. */
const absolute_floor_db = -50;
const echo_margin_db = 6;
/** Softer than the caller's usual level by more than this: not worth a look. */
const caller_range_db = 9;
/** The caller's vowels come within this of the usual level; talk 10 dB softer never does. */
const caller_peak_db = 4.5;
/** Talk that was there before the caller spoke must be exceeded by this. */
const steady_talk_db = 5;
const voiced_strength = 0.55;
/** Right after the start nothing of ours can have come back yet: the line can be calibrated. */
const calibration_frames = 20;
const history_frames = 30;
/** Talk counts as steady when it is older than this: 500 ms, enough to confirm a caller. */
const steady_delay_frames = 25;
const steady_window_frames = 250;

/** What the last 600 ms on the caller's line sounded like, by our own ears. */
export type Evidence = "silence" | "speech" | "not_the_caller";

/** Judges each frame from the caller against this call's own noise, echo and caller level. */
export class VoiceActivity {
  /** Level of the newest frame. */
  level_db = 0;
  /** What the newest frame had to exceed. */
  threshold_db = 0;
  /** Whether it did. */
  loud = false;
  /** Loud enough to be the caller rather than somebody behind. */
  strong = false;
  private readonly noise = new NoiseFloor();
  private readonly echo = new EchoReturn();
  private readonly caller = new CallerLevel();
  private readonly voicing = new Voicing();
  /** Per frame of the last 600 ms: 2 strong, 1 above the noise, 0 neither. */
  private readonly history = new Uint8Array(history_frames);
  /** What has been on the line, but for echo, until the caller is known. */
  private readonly steady = new LevelWindow(steady_window_frames);
  private readonly steady_delay = new Float32Array(steady_delay_frames).fill(silence_db);
  private frames = 0;
  private is_voiced: boolean | null = null;
  private readonly over_noise_db: number;

  /** @param threshold_db how far above the noise speech is */
  constructor(threshold_db: number) {
    this.over_noise_db = threshold_db;
  }

  get noise_floor_db(): number {
    return this.noise.db;
  }

  get calibrated(): boolean {
    return this.noise.calibrated;
  }

  /** Null until the caller has spoken. */
  get caller_db(): number | null {
    return this.caller.db;
  }

  /** The threshold while the agent is silent. */
  get speech_threshold_db(): number {
    return Math.max(absolute_floor_db, this.noise.db + this.over_noise_db);
  }

  /**
   * One frame from the caller.
   * @param outbound_db level of what the caller hears now, null while the agent is not heard
   */
  frame(bytes: Uint8Array, length: number, outbound_db: number | null): void {
    this.frames++;
    this.is_voiced = null;
    this.voicing.push(bytes, length);
    this.level_db = toDb(meanSquare(bytes, 0, length));
    if (outbound_db === null) this.echo.idle();
    else this.echo.add(this.level_db, outbound_db);
    if (outbound_db === null || this.frames <= calibration_frames) this.noise.add(this.level_db);
    const echo = outbound_db === null ? silence_db : this.echo.expected() + echo_margin_db;
    this.threshold_db = Math.max(this.speech_threshold_db, echo, this.callerRange());
    this.loud = this.level_db > this.threshold_db;
    this.strong = this.loud && this.level_db >= this.callerPeak();
    if (this.caller.db === null) this.learnSteady(this.level_db > echo);
    const sounding = this.level_db > this.speech_threshold_db;
    this.history[this.frames % history_frames] = this.strong ? 2 : sounding ? 1 : 0;
  }

  /** Whether the newest frame has a pitch; computed on first asking. */
  voiced(): boolean {
    this.is_voiced ??= this.voicing.strength() > voiced_strength;
    return this.is_voiced;
  }

  /** The newest frame is the caller speaking while the agent is silent: learn the level. */
  learnCaller(): void {
    if (this.level_db > this.speech_threshold_db) this.caller.add(this.level_db);
  }

  /** A frame that turned out not to be speech belongs to the noise. */
  learnNoise(db: number): void {
    this.noise.add(db);
  }

  evidence(): Evidence {
    let strong = 0;
    let sounding = 0;
    for (const kind of this.history) {
      if (kind === 2) strong++;
      if (kind > 0) sounding++;
    }
    if (sounding < 3) return "silence";
    return strong >= 2 ? "speech" : "not_the_caller";
  }

  private learnSteady(not_echo: boolean): void {
    const at = this.frames % steady_delay_frames;
    if (this.frames > steady_delay_frames) this.steady.add(this.steady_delay[at]!);
    this.steady_delay[at] = not_echo ? this.level_db : silence_db;
  }

  private callerRange(): number {
    return this.caller.db === null ? silence_db : this.caller.db - caller_range_db;
  }

  /**
   * Before the caller has spoken nothing is known of the caller, but talk that was there since
   * the line opened is not the caller.
   */
  private callerPeak(): number {
    if (this.caller.db !== null) return this.caller.db - caller_peak_db;
    const steady = Math.max(this.noise.loudPart(), this.steady.percentile(0.9));
    return steady > this.speech_threshold_db ? steady + steady_talk_db : silence_db;
  }
}
