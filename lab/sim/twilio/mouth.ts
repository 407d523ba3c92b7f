import { gain, mix } from "../../speech/mix.ts";
import { decodeMulaw, encodeMulaw } from "../../speech/mulaw.ts";

const frame = 160;
const silent = Buffer.alloc(frame, 0xff);

interface Utterance {
  samples: Int16Array;
  at: number;
  started_at: number;
  done(times: Spoken): void;
}

/** When an utterance left the caller's telephone, first and last frame, on `performance.now()`. */
export interface Spoken {
  started_at: number;
  ended_at: number;
}

/** What the caller's telephone sends: speech when there is some, over whatever is around. */
export class Mouth {
  #queue: Utterance[] = [];
  #background: Int16Array | null = null;
  #background_at = 0;

  /** Queues speech (µ-law); resolves when its last frame has been sent. */
  say(audio: Uint8Array, gain_db = 0): Promise<Spoken> {
    const samples = gain(decodeMulaw(audio), gain_db);
    return new Promise((done) => {
      this.#queue.push({ samples, at: 0, started_at: 0, done });
    });
  }

  /** Loops behind the speech until it is replaced; null ends it. */
  background(audio: Uint8Array | null, gain_db = 0): void {
    this.#background = audio && gain(decodeMulaw(audio), gain_db);
    this.#background_at = 0;
  }

  get speaking(): boolean {
    return this.#queue.length > 0;
  }

  /** The next 20 ms, with the echo of what is being played mixed in. */
  next(echo: Int16Array | null): Buffer {
    const speech = this.#queue[0];
    if (!speech && !this.#background && !echo) return silent;
    let samples: Int16Array = new Int16Array(frame);
    if (speech) samples = mix(samples, this.#advance(speech));
    if (this.#background) samples = mix(samples, this.#around(this.#background));
    if (echo) samples = mix(samples, echo);
    return encodeMulaw(samples);
  }

  #advance(speech: Utterance): Int16Array {
    const now = performance.now();
    if (speech.at === 0) speech.started_at = now;
    const part = speech.samples.subarray(speech.at, speech.at + frame);
    speech.at += frame;
    if (speech.at >= speech.samples.length) {
      this.#queue.shift();
      speech.done({ started_at: speech.started_at, ended_at: now + 20 });
    }
    return part;
  }

  #around(loop: Int16Array): Int16Array {
    const from = this.#background_at;
    this.#background_at = (from + frame) % loop.length;
    return Int16Array.from({ length: frame }, (_, i) => loop[(from + i) % loop.length] ?? 0);
  }
}
