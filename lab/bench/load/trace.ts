import type { Meter } from "../figures/meter.ts";
import { frame_bytes, frame_ms, payloadBytes } from "./tags.ts";

const remembered_frames = 1024;

/** One response of the model: when each of its frames would be heard if nothing were between. */
export interface ResponseTrace {
  call: CallTrace;
  first_sent_at: number;
  /** By frame, on `performance.now()`. */
  ideal_at: number[];
  ideal_dry_at: number;
}

/** What both ends of one call know of it: what was sent, and when. */
export class CallTrace {
  readonly number: number;
  readonly meter: Meter;
  /** What the caller is saying or has said last. */
  saying = "";
  /** Frames sent from here on met a session that was ready for them. */
  ready_at = Infinity;
  private frames_sent = 0;
  private bytes_heard = 0;
  private readonly sent_at = new Float64Array(remembered_frames);
  private readonly payloads: string[] = Array.from({ length: remembered_frames }, () => "");

  constructor(number: number, meter: Meter) {
    this.number = number;
    this.meter = meter;
  }

  /** The caller sends a frame now. */
  sent(payload: string, now: number): void {
    const at = this.frames_sent++ % remembered_frames;
    this.sent_at[at] = now;
    this.payloads[at] = payload;
  }

  /** The model got audio. Anything but the caller's frames, unchanged and in order, is noted. */
  heard(payload: string, now: number): void {
    const frame = this.bytes_heard / frame_bytes;
    const bytes = payloadBytes(payload);
    this.bytes_heard += bytes;
    const { meter } = this;
    if (frame >= this.frames_sent) return meter.anomaly("audio that the caller never sent");
    if (bytes !== frame_bytes) return;
    const at = frame % remembered_frames;
    if (this.payloads[at] !== payload)
      return meter.anomaly("caller's frame changed or out of order");
    const sent_at = this.sent_at[at]!;
    if (!meter.measuring || sent_at < this.ready_at) return;
    meter.up.add(now - sent_at);
    meter.up_audio_ms += frame_ms;
  }
}

/** The calls and responses of the load, by number. */
export class Traces {
  readonly calls = new Map<number, CallTrace>();
  readonly responses = new Map<number, ResponseTrace>();
  private next_call = 1;
  private next_response = 1;

  call(meter: Meter): CallTrace {
    const trace = new CallTrace(this.next_call++, meter);
    this.calls.set(trace.number, trace);
    return trace;
  }

  responseNumber(): number {
    return this.next_response++;
  }

  /** The model sends `frames` more frames of a response now. */
  delta(number: number, call: CallTrace, frames: number, now: number): void {
    let response = this.responses.get(number);
    if (!response) {
      response = { call, first_sent_at: now, ideal_at: [], ideal_dry_at: now };
      this.responses.set(number, response);
    }
    let at = Math.max(now, response.ideal_dry_at);
    for (let i = 0; i < frames; i++, at += frame_ms) response.ideal_at.push(at);
    response.ideal_dry_at = at;
  }

  /** Forgets what is over. */
  clear(): void {
    this.calls.clear();
    this.responses.clear();
  }
}
