import { LevelWindow } from "./level-window.ts";

/** Frames until the first estimate is good enough to use: 300 ms. */
const calibration_frames = 15;
const window_frames = 250;
const update_every = 10;
/** 1.5 dB a second upwards: somebody who talks without a pause is not taken for noise. */
const rise_db = 0.3;
/** Until calibrated: a middling line. */
const assumed_db = -55;

/**
 * The level of this call's line when nobody speaks: a low percentile of the last 5 s, which
 * follows a line that becomes quieter at once and one that becomes louder slowly.
 */
export class NoiseFloor {
  private readonly window = new LevelWindow(window_frames);
  private estimate_db = assumed_db;
  private since_update = 0;

  get db(): number {
    return this.estimate_db;
  }

  get calibrated(): boolean {
    return this.window.length >= calibration_frames;
  }

  /** One 20 ms frame during which the agent was not heard. */
  add(db: number): void {
    this.window.add(db);
    if (!this.calibrated) return;
    const first = this.window.length === calibration_frames;
    if (!first && ++this.since_update < update_every) return;
    this.since_update = 0;
    const low = this.window.percentile(0.2);
    if (first) this.estimate_db = low;
    else if (low < this.estimate_db) this.estimate_db += (low - this.estimate_db) / 2;
    else this.estimate_db = Math.min(low, this.estimate_db + rise_db);
  }

  /** The level that a tenth of the recent frames exceed: talk that has been there all along. */
  loudPart(): number {
    return this.window.percentile(0.9);
  }
}
