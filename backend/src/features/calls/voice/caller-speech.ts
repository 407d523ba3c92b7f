import { frame_ms } from "./mulaw.ts";
import type { JudgedFrame } from "./barge-in.ts";

const onset_frames = 8;
const onset_loud = 4;
const onset_voiced = 2;
/** Quiet that ends a stretch of speech. */
const hangover_ms = 400;

/** Where the caller's stretches of speech begin and end, by our own ears. */
export class CallerSpeech {
  speaking = false;
  /** The newest loud frame of the caller's speech; null before the first. */
  last_loud_at: number | null = null;
  /** First loud frame of the present or last stretch. */
  began_at = 0;
  /** Loud part of the present or last stretch. */
  loud_ms = 0;
  private recent = 0;
  private recent_loud = 0;
  private recent_voiced = 0;
  private recent_strong = 0;
  private onset_at = 0;

  /** One frame; tells when a stretch begins or ends. */
  frame(frame: JudgedFrame, now: number): "began" | "ended" | null {
    if (this.speaking) {
      if (frame.loud) {
        this.last_loud_at = now;
        this.loud_ms += frame_ms;
      } else if (now - this.last_loud_at! >= hangover_ms) {
        this.speaking = false;
        return "ended";
      }
      return null;
    }
    return this.lookForOnset(frame, now) ? "began" : null;
  }

  private lookForOnset(frame: JudgedFrame, now: number): boolean {
    if (this.recent === 0) {
      if (!frame.loud) return false;
      this.recent_loud = this.recent_voiced = this.recent_strong = 0;
      this.onset_at = now;
    }
    this.recent++;
    if (frame.loud) {
      this.recent_loud++;
      if (frame.voiced()) this.recent_voiced++;
      if (frame.strong) this.recent_strong++;
    }
    const voiced = this.recent_voiced >= onset_voiced;
    if (this.recent_loud >= onset_loud && voiced && this.recent_strong > 0) {
      this.recent = 0;
      this.speaking = true;
      this.began_at = this.onset_at;
      this.last_loud_at = now;
      this.loud_ms = this.recent_loud * frame_ms;
      return true;
    }
    if (this.recent >= onset_frames) this.recent = 0;
    return false;
  }
}
