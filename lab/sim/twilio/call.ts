import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { phrase, sounds } from "../../speech/library.ts";
import { similarity } from "../../speech/recognise.ts";
import { speak } from "../../speech/voice.ts";
import type { MediaStream, StreamFaults } from "./media-stream.ts";
import { Mouth, type Spoken } from "./mouth.ts";

export type CallStatus = "ringing" | "in-progress" | "completed" | "busy";

export interface CallEvent {
  /** `performance.now()` of this process. */
  at: number;
  type: string;
  [detail: string]: unknown;
}

export interface CallOptions {
  to: string;
  from?: string;
  /** Trouble on the telephone's side. */
  faults?: StreamFaults;
  echo?: { delay_ms: number; gain_db: number };
  offer_subprotocol?: boolean;
  /** Twilio asks for `<Connect action>` also after the caller hung up. */
  action_after_hangup?: boolean;
}

const timeout_ms = 15_000;

/** A telephone call: what a caller can do and notice. */
export class SimCall {
  readonly sid = `CA${randomBytes(16).toString("hex")}`;
  readonly to: string;
  readonly from: string;
  readonly options: CallOptions;
  readonly mouth = new Mouth();
  readonly events: CallEvent[] = [];
  readonly streams: MediaStream[] = [];
  readonly started_at = performance.now();
  readonly placed_at = new Date();
  status: CallStatus = "ringing";
  /** Aborted when the call is over. */
  readonly over = new AbortController();
  #listeners = new Set<(event: CallEvent) => void>();
  #done: () => void = () => {};
  /** Resolves when the call is over and Twilio has told everyone. */
  readonly ended = new Promise<void>((resolve) => (this.#done = resolve));

  constructor(options: CallOptions) {
    this.options = options;
    this.to = options.to;
    this.from = options.from ?? "+972501234567";
  }

  /** The media stream that is open, or the last one. */
  get stream(): MediaStream | null {
    return this.streams.at(-1) ?? null;
  }

  report(type: string, details: Record<string, unknown> = {}): void {
    const event = { at: performance.now(), type, ...details };
    this.events.push(event);
    for (const listener of this.#listeners) listener(event);
  }

  finish(): void {
    this.#done();
  }

  /** The first event of this type, past or to come. Rejects after `timeout_ms`. */
  waitFor(type: string, limits: { timeout_ms?: number; since?: number } = {}): Promise<CallEvent> {
    const { since = 0 } = limits;
    const fits = (event: CallEvent) => event.type === type && event.at >= since;
    const found = this.events.find(fits);
    if (found) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const types = () => this.events.map((event) => event.type).join(", ");
      const timer = setTimeout(() => {
        this.#listeners.delete(listener);
        reject(new Error(`no ${type} in call ${this.sid}; there was: ${types()}`));
      }, limits.timeout_ms ?? timeout_ms);
      const listener = (event: CallEvent) => {
        if (!fits(event)) return;
        clearTimeout(timer);
        this.#listeners.delete(listener);
        resolve(event);
      };
      this.#listeners.add(listener);
    });
  }

  /** Speaks a recorded phrase or µ-law audio; resolves when the last frame was sent. */
  say(what: string | Uint8Array, { gain_db = 0 } = {}): Promise<Spoken> {
    const audio = typeof what === "string" ? phrase(what).audio : what;
    return this.mouth.say(audio, gain_db);
  }

  cough(): Promise<Spoken> {
    return this.mouth.say(sounds.cough);
  }

  /** Loops a phrase or audio behind the caller; null ends it. */
  background(what: string | Uint8Array | null, { gain_db = 0 } = {}): void {
    this.mouth.background(typeof what === "string" ? phrase(what).audio : what, gain_db);
  }

  /** Says nothing for a while. */
  silence(ms: number): Promise<void> {
    return sleep(ms);
  }

  press(digit: string): void {
    this.stream?.press(digit);
  }

  hangUp(): void {
    if (this.over.signal.aborted) return;
    this.report("caller_hung_up");
    this.over.abort();
  }

  /** Times of the audible 20 ms frames the caller heard from `since` on. */
  audible(since = 0, until = performance.now()): number[] {
    return this.streams.flatMap(({ playback }) => playback.audibleFrames(since, until));
  }

  /** The sound at the caller's ear since a time: µ-law. */
  sound(since: number, until = performance.now()): Buffer {
    return this.stream?.playback.sound(since, until) ?? Buffer.alloc(0);
  }

  /** All that was played to the caller in `[since, until)`, without the gaps; µ-law. */
  played(since: number, until = performance.now()): Buffer {
    const pieces = this.streams.flatMap(({ playback }) => playback.played);
    return Buffer.concat(
      pieces.filter(({ start }) => start >= since && start < until).map(({ audio }) => audio),
    );
  }

  /**
   * Waits until the caller hears something.
   * - `{}` or `{ audio: true }`: any sound; the time it began
   * - `{ quiet_ms }`: sound, and then none for so long; the time the sound ended
   * - `{ text }`: the agent's voice saying this; the time it was recognised
   * Only what is heard from `since` (now, when absent) counts. Rejects after `timeout_ms`.
   */
  async hears(
    what: {
      audio?: true;
      quiet_ms?: number;
      text?: string;
      since?: number;
      timeout_ms?: number;
    } = {},
  ): Promise<number> {
    const since = what.since ?? performance.now();
    const deadline = performance.now() + (what.timeout_ms ?? timeout_ms);
    const reference = what.text === undefined ? null : speak(what.text);
    let compared = 0;
    while (performance.now() < deadline) {
      const now = performance.now();
      const frames = this.audible(since, now);
      const last = frames.at(-1);
      if (reference) {
        // Comparing is work; once a pause is enough.
        if (last !== undefined && last > compared && now - last > 120) {
          compared = now;
          if (similarity(this.sound(since, now), reference) > 0.8) return now;
        }
      } else if (what.quiet_ms !== undefined) {
        if (last !== undefined && now - (last + 20) >= what.quiet_ms) return last + 20;
      } else if (frames[0] !== undefined) return frames[0];
      await sleep(5);
    }
    const heard = this.audible(since).length * 20;
    const types = this.events.map((event) => event.type).join(", ");
    const wanted = JSON.stringify(what);
    throw new Error(`not heard: ${wanted}; ${heard} ms of sound; events: ${types}`);
  }
}
