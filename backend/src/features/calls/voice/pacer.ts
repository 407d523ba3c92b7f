import { frame_bytes, frame_ms, meanSquare, silence_byte, toDb } from "./mulaw.ts";
import type { Playback } from "./playback.ts";
import type { Utterance } from "./utterance.ts";

const mark_every_frames = 8;

/** Where frames go. */
export interface FrameSink {
  /** `bytes` is reused for the next frame. */
  media(bytes: Buffer): void;
  mark(name: string): void;
  /** Groups what is written inside into few writes. */
  together(write: () => void): void;
}

interface Chunk {
  utterance: Utterance;
  audio: Buffer;
  from: number;
}

/**
 * Sends 20 ms frames so that the peer always has `lead_ms` of audio in hand and no more: what
 * was sent can only be taken back whole (`clear`), what was not sent can be held or dropped.
 *
 * The pace is a wall-clock deadline (when the peer runs dry) that each frame pushes 20 ms
 * further, so late ticks never add up.
 */
export class Pacer {
  /** When the peer will have played all that was sent. */
  dry_at = 0;
  private frozen = false;
  private queue: Chunk[] = [];
  private unmarked = 0;
  private readonly frame = Buffer.alloc(frame_bytes);
  private readonly sink: FrameSink;
  private readonly playback: Playback;
  private readonly lead_ms: number;

  constructor(sink: FrameSink, playback: Playback, lead_ms: number) {
    this.sink = sink;
    this.playback = playback;
    this.lead_ms = lead_ms;
  }

  /** Nothing can be sent: the queue is empty or holds less than a frame of what goes on. */
  get idle(): boolean {
    return this.starving();
  }

  /** Takes audio of an utterance and sends at once what the lead allows. */
  push(utterance: Utterance, audio: Buffer, now: number): void {
    if (audio.length === 0) return;
    utterance.received_bytes += audio.length;
    this.queue.push({ utterance, audio, from: 0 });
    this.send(now);
  }

  /** No more of this utterance will come: its last, partial frame may go, filled with silence. */
  finish(utterance: Utterance, now: number): void {
    utterance.complete = true;
    this.send(now);
    this.playback.settle();
  }

  /** To be called every 40 ms or more often. */
  tick(now: number): void {
    if (this.queue.length > 0) this.send(now);
  }

  /** Sends nothing more until resumed; the queue keeps its exact place. */
  freeze(): void {
    if (this.frozen) return;
    this.frozen = true;
    this.sendMark();
  }

  resume(now: number): void {
    this.frozen = false;
    this.send(now);
  }

  /** Forgets all that was not sent, and the pace with it: the peer was or is being cleared. */
  drop(now: number): void {
    this.queue = [];
    this.frozen = false;
    this.unmarked = 0;
    this.dry_at = now;
  }

  private send(now: number): void {
    if (this.frozen || !this.ready(now)) return;
    this.sink.together(() => {
      while (this.ready(now)) this.sendFrame(now);
      if (this.starving()) this.sendMark();
    });
  }

  private ready(now: number): boolean {
    const base = Math.max(this.dry_at, now);
    return base + frame_ms <= now + this.lead_ms && !this.starving();
  }

  /** There is no whole frame and no last, partial one to send. */
  private starving(): boolean {
    const first = this.queue[0];
    if (!first) return true;
    if (first.utterance.complete) return false;
    let bytes = 0;
    for (const chunk of this.queue) {
      if (chunk.utterance !== first.utterance) return false;
      bytes += chunk.audio.length - chunk.from;
      if (bytes >= frame_bytes) return false;
    }
    return true;
  }

  private sendFrame(now: number): void {
    const { utterance } = this.queue[0]!;
    let filled = 0;
    while (filled < frame_bytes && this.queue[0]?.utterance === utterance) {
      const chunk = this.queue[0];
      const copied = chunk.audio.copy(
        this.frame,
        filled,
        chunk.from,
        chunk.from + frame_bytes - filled,
      );
      filled += copied;
      chunk.from += copied;
      if (chunk.from >= chunk.audio.length) this.queue.shift();
    }
    if (filled < frame_bytes) this.frame.fill(silence_byte, filled);
    const opening = !this.playback.outstanding;
    this.playback.frameSent(utterance, toDb(meanSquare(this.frame, 0, frame_bytes)), now);
    this.dry_at = Math.max(this.dry_at, now) + frame_ms;
    this.sink.media(this.frame);
    this.unmarked++;
    const over = utterance.complete && this.queue[0]?.utterance !== utterance;
    if (opening || over || this.unmarked >= mark_every_frames) this.sendMark();
  }

  private sendMark(): void {
    this.unmarked = 0;
    const name = this.playback.mark();
    if (name !== null) this.sink.mark(name);
  }
}
