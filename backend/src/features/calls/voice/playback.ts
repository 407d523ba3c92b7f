import { bytes_per_ms, frame_bytes, frame_ms, silence_db } from "./mulaw.ts";
import type { Utterance } from "./utterance.ts";
import { durationMs } from "./utterance.ts";

/** How much of an utterance was heard when it was cut short. */
export interface Heard {
  utterance: Utterance;
  played_ms: number;
}

/** Consecutive frames of one utterance; another may have come between two spans of it. */
interface Span {
  utterance: Utterance;
  first_frame: number;
  frames: number;
}

interface Mark {
  name: string;
  /** Frames sent when the mark was. */
  frame: number;
}

const envelope_frames = 256;
/** A peer that returns its first mark later than this is taken to play by the clock. */
const first_mark_patience_ms = 500;
/** Who goes on after a shorter pause has not begun anew: a model may make sound as slowly as it plays. */
const breath_ms = 700;

/**
 * What the caller has heard, by the marks that came back. Between marks the clock fills in,
 * never beyond the next mark that is still out. `clear` brings all marks back at once, so each
 * carries the generation that it belongs to and those of a cleared one count for nothing.
 */
export class Playback {
  /** Since when the agent has been heard; null while it is not. */
  heard_since: number | null = null;
  private generation = 1;
  private spans: Span[] = [];
  private marks: Mark[] = [];
  private sent = 0;
  private anchor_frame = 0;
  private anchor_at = 0;
  private burst_at = 0;
  /** Of what was heard last: when it began and when it ended. */
  private last = { since: 0, until: -Infinity };
  private readonly envelope = new Float32Array(envelope_frames).fill(silence_db);
  private readonly finished: (utterance: Utterance) => void;

  /** @param finished called when all of an utterance was heard */
  constructor(finished: (utterance: Utterance) => void) {
    this.finished = finished;
  }

  /** Something that was sent has not come back as played. */
  get outstanding(): boolean {
    return this.sent > this.anchor_frame;
  }

  /** One frame went out. */
  frameSent(utterance: Utterance, level_db: number, now: number): void {
    if (!this.outstanding) this.anchor_at = this.burst_at = now;
    let span = this.spans.at(-1);
    if (span?.utterance !== utterance) {
      span = { utterance, first_frame: this.sent, frames: 0 };
      this.spans.push(span);
    }
    span.frames++;
    utterance.sent_bytes += frame_bytes;
    this.envelope[this.sent % envelope_frames] = level_db;
    this.sent++;
  }

  /** The name of a mark to be sent now, `generation:utterance:ms`; null when it would say nothing. */
  mark(): string | null {
    const last = this.spans.at(-1)?.utterance;
    if (!last || !this.outstanding || this.marks.at(-1)?.frame === this.sent) return null;
    const name = `${this.generation}:${last.id}:${last.sent_bytes / bytes_per_ms}`;
    this.marks.push({ name, frame: this.sent });
    return name;
  }

  /** A mark came back. Unknown ones and those of an earlier generation are ignored. */
  returned(name: string, now: number): void {
    const index = this.marks.findIndex((mark) => mark.name === name);
    if (index < 0) return;
    this.anchor_frame = this.marks[index]!.frame;
    this.anchor_at = now;
    this.marks.splice(0, index + 1);
    this.heard_since ??= this.since(now);
    if (!this.outstanding) {
      this.last = { since: this.heard_since, until: now };
      this.heard_since = null;
    }
    this.settle();
  }

  /** Brings `heard_since` up to date where only time can tell. */
  refresh(now: number): void {
    if (this.heard_since !== null || !this.outstanding) return;
    if (now - this.burst_at >= first_mark_patience_ms) {
      this.heard_since = this.since(now);
      this.anchor_at = this.burst_at;
    }
  }

  /** Level of what is being heard; null while the agent is not heard. */
  heardLevel(now: number): number | null {
    if (this.heard_since === null) return null;
    const frame = Math.floor(this.position(now));
    return frame < this.sent ? this.envelope[frame % envelope_frames]! : silence_db;
  }

  /** Milliseconds of this utterance that were heard, at most its length. */
  playedMs(utterance: Utterance, now: number): number {
    const position = this.position(now);
    let frames = 0;
    for (const span of this.spans) {
      if (span.utterance !== utterance) continue;
      frames += Math.max(0, Math.min(span.frames, position - span.first_frame));
    }
    return Math.min(durationMs(utterance), Math.floor(frames * frame_ms));
  }

  /** Everything not heard yet is taken back. */
  interrupt(): void {
    this.generation++;
    this.spans = [];
    this.marks = [];
    this.anchor_frame = this.sent;
    this.heard_since = null;
    this.last.until = -Infinity;
  }

  /** Since when the agent has been heard that is heard now. */
  private since(now: number): number {
    return now - this.last.until < breath_ms ? this.last.since : now;
  }

  /** Lets go of utterances that were heard to their end. */
  settle(): void {
    const over = (span: Span) => span.first_frame + span.frames <= this.anchor_frame;
    for (const { utterance } of this.spans) {
      if (!utterance.complete || utterance.sent_bytes < utterance.received_bytes) continue;
      const own = this.spans.filter((span) => span.utterance === utterance);
      if (!own.every(over)) continue;
      this.spans = this.spans.filter((span) => span.utterance !== utterance);
      this.finished(utterance);
    }
  }

  /** Frames played since the call began, with a fraction. */
  private position(now: number): number {
    if (this.heard_since === null) return this.anchor_frame;
    const limit = this.marks[0]?.frame ?? this.sent;
    const elapsed = (now - this.anchor_at) / frame_ms;
    return Math.min(limit, Math.max(0, this.anchor_frame + elapsed));
  }
}
