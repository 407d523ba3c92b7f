import { LevelWindow } from "./level-window.ts";

/** 3 s of the caller's loud frames. */
const window_frames = 150;
const enough_frames = 20;
/** Falls by 0.5 dB a second of speech: someone quieter in the room does not redefine the caller. */
const fall_db = 0.01;

/** How loud this caller speaks: upper quartile of the loud frames while the agent is silent. */
export class CallerLevel {
  private readonly window = new LevelWindow(window_frames);
  private level_db = 0;

  /** Null until the caller has spoken for 400 ms. */
  get db(): number | null {
    return this.window.length >= enough_frames ? this.level_db : null;
  }

  /** One frame of what is taken for the caller's speech. */
  add(db: number): void {
    this.window.add(db);
    const now = this.window.percentile(0.75);
    const settling = this.window.length <= enough_frames;
    this.level_db = settling || now > this.level_db ? now : this.level_db - fall_db;
    if (this.level_db < now) this.level_db = now;
  }
}
