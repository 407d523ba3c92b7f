import type { TurnDetection } from "./client-events.ts";
import { Vad } from "./vad.ts";

const bytes_per_ms = 8;
/** How much is kept while nobody speaks; more than any prefix padding. */
const idle_ms = 3000;

export type Heard =
  | { kind: "started"; audio_start_ms: number }
  | { kind: "stopped"; audio_end_ms: number; audio: Buffer };

const silence_of = { low: 1200, medium: 800, high: 500, auto: 800 };

/** The caller's sound that is not yet part of the conversation. */
export class InputBuffer {
  #vad: Vad;
  #detection: TurnDetection | null;
  #min_speech_ms: number;
  #audio: Buffer = Buffer.alloc(0);
  /** Session time, in ms of audio, of the first byte kept. */
  #base_ms = 0;
  #start_ms = 0;

  constructor(detection: TurnDetection | null, min_speech_ms: number) {
    this.#min_speech_ms = min_speech_ms;
    this.#detection = detection;
    this.#vad = new Vad(this.#options(detection));
  }

  set detection(detection: TurnDetection | null) {
    this.#detection = detection;
    this.#vad.options = this.#options(detection);
  }

  /** Length of the audio received in this session. */
  get total_ms(): number {
    return this.#base_ms + this.#audio.length / bytes_per_ms;
  }

  get pending_ms(): number {
    return this.#audio.length / bytes_per_ms;
  }

  get speaking(): boolean {
    return this.#vad.speaking;
  }

  /** Takes 8 kHz µ-law; says where speech began and ended (nothing without turn detection). */
  append(audio: Buffer): Heard[] {
    this.#audio = Buffer.concat([this.#audio, audio]);
    const changes = this.#vad.push(audio);
    if (!this.#detection) return [];
    const heard = changes.map(({ kind, at_ms }): Heard => {
      if (kind === "started") {
        const prefix = this.#prefix();
        this.#start_ms = Math.max(this.#base_ms, at_ms - prefix);
        return { kind, audio_start_ms: Math.round(this.#start_ms) };
      }
      return { kind, audio_end_ms: at_ms, audio: this.#take(at_ms) };
    });
    if (!this.#vad.speaking && this.pending_ms > idle_ms) this.#drop(this.pending_ms - idle_ms);
    return heard;
  }

  /** Everything kept, for a commit by hand. */
  takeAll(): Buffer {
    this.#start_ms = this.#base_ms;
    return this.#take(this.total_ms);
  }

  clear(): void {
    this.#drop(this.pending_ms);
  }

  #take(until_ms: number): Buffer {
    const from = (this.#start_ms - this.#base_ms) * bytes_per_ms;
    const until = (until_ms - this.#base_ms) * bytes_per_ms;
    const audio = Buffer.from(this.#audio.subarray(from, until));
    this.#drop(until / bytes_per_ms);
    return audio;
  }

  #drop(ms: number): void {
    this.#audio = this.#audio.subarray(ms * bytes_per_ms);
    this.#base_ms += ms;
  }

  #prefix(): number {
    const detection = this.#detection;
    return (detection?.type === "server_vad" ? detection.prefix_padding_ms : undefined) ?? 300;
  }

  #options(detection: TurnDetection | null) {
    const server = detection?.type === "server_vad" ? detection : null;
    const semantic = detection?.type === "semantic_vad" ? detection : null;
    const silence = semantic ? silence_of[semantic.eagerness ?? "auto"] : 500;
    return {
      threshold: server?.threshold ?? 0.5,
      silence_duration_ms: server?.silence_duration_ms ?? silence,
      min_speech_ms: this.#min_speech_ms,
    };
  }
}
