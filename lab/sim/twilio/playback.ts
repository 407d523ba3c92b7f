import { rmsDb } from "../../speech/mix.ts";
import { decodeMulaw } from "../../speech/mulaw.ts";

const bytes_per_ms = 8;
const frame = 160;
const audible_db = -45;
const silence = 0xff;

/** A stretch of audio that was, or will be, played without a gap. */
export interface Played {
  /** Milliseconds on the caller's clock (`performance.now()`). */
  start: number;
  end: number;
  audio: Buffer;
  /** For each 20 ms of it: can it be heard? */
  audible: boolean[];
}

/**
 * Twilio's playback buffer and the ear behind it. Audio plays at 8000 bytes a second from the
 * moment it arrives or the audio before it ends; all times are exact, whatever the timers do.
 */
export class Playback {
  readonly played: Played[] = [];
  #now: () => number;
  #onMark: (name: string) => void;
  #marks = new Map<NodeJS.Timeout, string>();

  constructor(onMark: (name: string) => void, now: () => number = () => performance.now()) {
    this.#onMark = onMark;
    this.#now = now;
  }

  /** How much is still to be played. */
  get buffered_ms(): number {
    return Math.max(0, (this.played.at(-1)?.end ?? 0) - this.#now());
  }

  play(audio: Buffer): void {
    const start = this.#now() + this.buffered_ms;
    const audible: boolean[] = [];
    for (let at = 0; at < audio.length; at += frame) {
      audible.push(rmsDb(decodeMulaw(audio.subarray(at, at + frame))) > audible_db);
    }
    this.played.push({ start, end: start + audio.length / bytes_per_ms, audio, audible });
  }

  /** Comes back when everything before it has been played. */
  mark(name: string): void {
    const timer = setTimeout(() => {
      this.#marks.delete(timer);
      this.#onMark(name);
    }, this.buffered_ms);
    this.#marks.set(timer, name);
  }

  /** Empties the buffer and returns every pending mark at once, as Twilio does. */
  clear(): void {
    this.#cut();
    const names = [...this.#marks.values()];
    this.dispose();
    for (const name of names) this.#onMark(name);
  }

  /** The line is gone: nothing more is heard and no mark comes back. */
  stop(): void {
    this.#cut();
    this.dispose();
  }

  dispose(): void {
    for (const timer of this.#marks.keys()) clearTimeout(timer);
    this.#marks.clear();
  }

  /** Audible 20 ms frames that began in [from, to), as times. */
  audibleFrames(from: number, to = this.#now()): number[] {
    return this.played
      .filter(({ start, end }) => start < to && end > from)
      .flatMap(({ start, audible }) => audible.flatMap((yes, i) => (yes ? [start + i * 20] : [])))
      .filter((at) => at >= from && at < to);
  }

  /** The sound at the ear in [from, to): µ-law, silence where nothing was played. */
  sound(from: number, to: number): Buffer {
    const out = Buffer.alloc(Math.max(0, Math.round((to - from) * bytes_per_ms)), silence);
    for (let i = this.played.length - 1; i >= 0; i--) {
      const { start, end, audio } = this.played[i]!;
      if (end <= from) break;
      const at = Math.round((start - from) * bytes_per_ms);
      if (at < out.length) audio.copy(out, Math.max(0, at), Math.max(0, -at));
    }
    return out;
  }

  #cut(): void {
    const now = this.#now();
    while ((this.played.at(-1)?.start ?? 0) >= now) this.played.pop();
    const last = this.played.at(-1);
    if (!last || last.end <= now) return;
    last.end = now;
    last.audio = last.audio.subarray(0, Math.round((now - last.start) * bytes_per_ms));
    last.audible = last.audible.slice(0, Math.ceil((now - last.start) / 20));
  }
}
