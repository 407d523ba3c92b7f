import { rmsDb } from "../../speech/mix.ts";
import { decodeMulaw } from "../../speech/mulaw.ts";

const frame_bytes = 160;
const frame_ms = 20;
const memory_frames = 150;

export interface VadOptions {
  /** The session's `threshold`, 0–1: how far above the noise a frame must be. */
  threshold: number;
  silence_duration_ms: number;
  /** Sound shorter than this is no speech. */
  min_speech_ms: number;
}

export type VadChange = { kind: "started" | "stopped"; at_ms: number };

/** Energy-based voice activity detection on 8 kHz µ-law, in 20 ms frames. */
export class Vad {
  speaking = false;
  #options: VadOptions;
  #rest: Buffer = Buffer.alloc(0);
  #frames = 0;
  #levels: number[] = [];
  #floor = -60;
  #recent: boolean[] = [];
  #last_voiced = 0;

  constructor(options: VadOptions) {
    this.#options = options;
  }

  set options(options: VadOptions) {
    this.#options = options;
  }

  /** Feeds audio; returns what changed, with times in ms of audio since the first byte. */
  push(audio: Buffer): VadChange[] {
    const changes: VadChange[] = [];
    let data = this.#rest.length > 0 ? Buffer.concat([this.#rest, audio]) : audio;
    for (; data.length >= frame_bytes; data = data.subarray(frame_bytes)) {
      const change = this.#frame(data.subarray(0, frame_bytes));
      if (change) changes.push(change);
    }
    this.#rest = data;
    return changes;
  }

  #frame(frame: Buffer): VadChange | null {
    const db = rmsDb(decodeMulaw(frame));
    const now = ++this.#frames * frame_ms;
    this.#track(db);
    const { threshold, min_speech_ms, silence_duration_ms } = this.#options;
    const voiced = db > Math.max(-48, this.#floor + 6 + 18 * threshold);
    if (voiced) this.#last_voiced = now;
    this.#recent.push(voiced);
    const window = Math.ceil(min_speech_ms / frame_ms);
    if (this.#recent.length > window) this.#recent.shift();
    if (!this.speaking) {
      const voiced_frames = this.#recent.filter(Boolean).length;
      if (!voiced || voiced_frames < Math.ceil(window * 0.8)) return null;
      this.speaking = true;
      return { kind: "started", at_ms: now - this.#recent.length * frame_ms };
    }
    if (now - this.#last_voiced < silence_duration_ms) return null;
    this.speaking = false;
    this.#recent = [];
    return { kind: "stopped", at_ms: now };
  }

  /** The noise floor is the quietest tenth of the last three seconds. */
  #track(db: number): void {
    this.#levels.push(db);
    if (this.#levels.length > memory_frames) this.#levels.shift();
    if (this.#frames % 10 !== 0) return;
    const sorted = this.#levels.toSorted((a, b) => a - b);
    const quiet = sorted[Math.floor(sorted.length / 10)] ?? -60;
    this.#floor = Math.max(-70, Math.min(-30, quiet));
  }
}
