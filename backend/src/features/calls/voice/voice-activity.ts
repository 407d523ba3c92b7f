import { CallerLevel } from "./caller-level.ts";
import { EchoReturn } from "./echo-return.ts";
import { meanSquare, toDb } from "./mulaw.ts";
import { NoiseFloor } from "./noise-floor.ts";
import { Voicing } from "./voicing.ts";

/** No line is so quiet that less than this is speech. */
const absolute_floor_db = -50;
const echo_margin_db = 6;
/** Below the caller's usual level by more than this: somebody else in the room. */
const background_margin_db = 5;
/** While the agent is silent a mistake costs little, so the caller may be softer. */
const background_margin_quiet_db = 8;
const voiced_strength = 0.55;
/** Right after the start nothing of ours can have come back yet: the line can be calibrated. */
const calibration_frames = 20;
const history_frames = 30;

/** What the last 600 ms on the caller's line sounded like, judged while the agent is heard. */
export type Evidence = "silence" | "speech" | "not_the_caller";

/** Judges each frame from the caller against this call's own noise, echo and caller level. */
export class VoiceActivity {
  /** Level of the newest frame. */
  level_db = 0;
  /** What the newest frame had to exceed. */
  threshold_db = 0;
  /** Whether it did. */
  loud = false;
  private readonly noise = new NoiseFloor();
  private readonly echo = new EchoReturn();
  private readonly caller = new CallerLevel();
  private readonly voicing = new Voicing();
  /** Per frame of the last 600 ms: 2 loud, 1 above the noise, 0 neither. */
  private readonly history = new Uint8Array(history_frames);
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
    this.threshold_db = outbound_db === null ? this.quietThreshold() : this.heardThreshold();
    this.loud = this.level_db > this.threshold_db;
    const sounding = this.level_db > this.speech_threshold_db;
    this.history[this.frames % history_frames] = this.loud ? 2 : sounding ? 1 : 0;
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
    let loud = 0;
    let sounding = 0;
    for (const kind of this.history) {
      if (kind === 2) loud++;
      if (kind > 0) sounding++;
    }
    if (sounding < 3) return "silence";
    return loud >= 3 ? "speech" : "not_the_caller";
  }

  private quietThreshold(): number {
    const caller = this.caller.db;
    if (caller === null) return this.speech_threshold_db;
    return Math.max(this.speech_threshold_db, caller - background_margin_quiet_db);
  }

  private heardThreshold(): number {
    const echo = this.echo.expected() + echo_margin_db;
    return Math.max(this.speech_threshold_db, echo, this.backgroundLimit());
  }

  /**
   * Nobody in the background reaches this. Before the caller has spoken nothing is known of the
   * caller, but talk that was there since the line opened is not the caller.
   */
  private backgroundLimit(): number {
    const caller = this.caller.db;
    if (caller !== null) return caller - background_margin_db;
    const steady = this.noise.loudPart();
    return steady > this.speech_threshold_db ? steady + background_margin_db : absolute_floor_db;
  }
}
