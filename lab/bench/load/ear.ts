import type { CallTrace, Traces } from "./trace.ts";
import { payloadBytes, readTag, splitTag } from "./tags.ts";

const bytes_per_ms = 8;

export interface EarOptions {
  trace: CallTrace;
  traces: Traces;
  /** Audio that a paced side keeps in the carrier's hand at least; null for a side without pacer. */
  least_in_hand_ms: number | null;
  /** A mark was reached, or thrown out by `clear`. */
  markReached(name: string): void;
}

/** The carrier's playback clock of one call, and what the caller hears by it. */
export class Ear {
  /** When everything that has come will have been played. */
  dry_at = 0;
  /** Arrival of the first audio of the call; 0 before. */
  first_at = 0;
  private marks: { name: string; due: number }[] = [];
  private readonly options: EarOptions;
  /** In the response at hand: frames that follow its opening burst. */
  private response = 0;

  constructor(options: EarOptions) {
    this.options = options;
  }

  media(payload: string, now: number): void {
    if (this.first_at === 0) this.first_at = now;
    const in_hand = this.dry_at - now;
    const heard_at = Math.max(now, this.dry_at);
    const ms = payloadBytes(payload) / bytes_per_ms;
    this.dry_at = heard_at + ms;
    const { meter } = this.options.trace;
    if (meter.measuring) meter.down_audio_ms += ms;
    const tag = readTag(payload);
    if (tag !== null) this.frame(tag, heard_at, in_hand, now);
  }

  mark(name: string, now: number): void {
    if (now >= this.dry_at) this.options.markReached(name);
    else this.marks.push({ name, due: this.dry_at });
  }

  clear(now: number): void {
    this.dry_at = Math.min(this.dry_at, now);
    for (const { name } of this.marks.splice(0)) this.options.markReached(name);
  }

  /** Called often: sends back the marks that have been reached. */
  tick(now: number): void {
    while (this.marks[0] && this.marks[0].due <= now) {
      this.options.markReached(this.marks.shift()!.name);
    }
  }

  private frame(tag: number, heard_at: number, in_hand: number, now: number): void {
    const { trace, traces, least_in_hand_ms } = this.options;
    const { response: number, frame } = splitTag(tag);
    const response = traces.responses.get(number);
    // A recorded greeting still carries the tags of the call it was recorded in.
    if (response?.call !== trace) return;
    const { meter } = trace;
    const continues = this.response === number;
    this.response = number;
    if (!meter.measuring) return;
    if (frame === 0) meter.first_frame.add(now - response.first_sent_at);
    const ideal_at = response.ideal_at[frame];
    if (ideal_at !== undefined) meter.at_ear.add(heard_at - ideal_at);
    const settled = continues && frame * 20 > 300;
    if (least_in_hand_ms === null || !settled) return;
    meter.pacing.add(Math.max(0, least_in_hand_ms - in_hand));
  }
}
