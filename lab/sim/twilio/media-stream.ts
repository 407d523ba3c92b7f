import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { z } from "zod";
import { gain } from "../../speech/mix.ts";
import { decodeMulaw } from "../../speech/mulaw.ts";
import type { Mouth } from "./mouth.ts";
import { Playback } from "./playback.ts";
import { serverMessage } from "./stream-messages.ts";
import { reach, signature, type Network } from "./webhook.ts";

const frame_ms = 20;
const subprotocol = "audio.twilio.com";

/** What goes wrong on the telephone's side of a media stream. Times from the stream's start. */
export interface StreamFaults {
  /** `<Connect><Stream>` is read but no socket is ever opened. */
  never_opens?: boolean;
  /** The socket stays up and no more media comes. */
  media_stops_after_ms?: number;
  /** Every n-th frame is garbage: not JSON, an unknown event or bad base64. */
  garbage_every?: number;
  /** Nothing is read from the socket for a while. */
  slow_reader?: { after_ms: number; for_ms: number };
  /** A second socket opens with the same parameters. */
  opens_twice?: boolean;
  /** The connection is dropped without `stop`. */
  no_stop?: boolean;
}

export interface StreamOptions {
  url: string;
  parameters: Record<string, string>;
  call_sid: string;
  account_sid: string;
  network: Network;
  mouth: Mouth;
  faults: StreamFaults;
  /** Offers the subprotocol `audio.twilio.com`. */
  offer_subprotocol: boolean;
  /** What the agent says comes back into the telephone, later and softer. */
  echo: { delay_ms: number; gain_db: number } | null;
  report(type: string, details?: Record<string, unknown>): void;
  violation(code: number, reason: string): void;
}

export type StreamEnd =
  /** The server closed the socket. */
  | { by: "server"; code: number }
  /** The caller hung up or the call was redirected. */
  | { by: "twilio" }
  | { by: "error"; code: number; reason: string };

/** One bidirectional media stream, from Twilio's side. */
export class MediaStream {
  readonly sid = `MZ${randomBytes(16).toString("hex")}`;
  readonly playback = new Playback((name) => this.#send("mark", { mark: { name } }));
  /** When `start` was sent, on `performance.now()`; 0 before. */
  started_at = 0;
  /** Frames of the caller sent so far. */
  frames_sent = 0;
  #options: StreamOptions;
  #ws: WebSocket | null = null;
  #sequence = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** Runs until one side ends it; aborting `signal` is a hang-up or a redirect. */
  async run(signal: AbortSignal): Promise<StreamEnd> {
    const { url, network, faults, report } = this.#options;
    const secure = network.public_base_url.startsWith("https:");
    const wrong =
      (secure && !url.startsWith("wss:")) || !/^wss?:\/\/[^?#]+$/.test(url) || !URL.canParse(url);
    if (wrong) return this.#failed(31_920, `the stream's url must be wss without query: ${url}`);
    const address = reach(url, network);
    if (!address) return this.#failed(31_901, `no such host: ${url}`);
    if (faults.never_opens) {
      report("stream_withheld");
      return new Promise((resolve) => onAbort(signal, () => resolve({ by: "twilio" })));
    }
    const ended = this.#connect(address, signal);
    if (faults.opens_twice) void this.#again(address, signal);
    return ended;
  }

  /** Sends a key the caller pressed. */
  press(digit: string): void {
    this.#send("dtmf", { dtmf: { track: "inbound_track", digit } });
  }

  #connect(address: string, signal: AbortSignal): Promise<StreamEnd> {
    const { faults, report } = this.#options;
    return new Promise((resolve) => {
      const ws = this.#open(address);
      this.#ws = ws;
      let failure = "";
      const done = (end: StreamEnd) => {
        clearTimeout(this.#timer);
        this.playback.stop();
        resolve(end);
      };
      ws.on("open", () => this.#start(ws));
      ws.on("message", (data, binary) => this.#receive(data as Buffer, binary));
      ws.on("error", (error) => (failure = error.message));
      ws.on("close", (code) => {
        if (signal.aborted) return done({ by: "twilio" });
        if (this.started_at === 0) return done(this.#failed(31_920, failure));
        report("stream_closed_by_server", { code });
        done({ by: "server", code });
      });
      onAbort(signal, () => {
        if (faults.no_stop || this.started_at === 0) ws.terminate();
        else {
          const { account_sid: accountSid, call_sid: callSid } = this.#options;
          this.#send("stop", { stop: { accountSid, callSid } });
          ws.close();
        }
        done({ by: "twilio" });
      });
    });
  }

  #open(address: string): WebSocket {
    const { network, url, offer_subprotocol } = this.#options;
    return new WebSocket(address, offer_subprotocol ? [subprotocol] : [], {
      headers: { "x-twilio-signature": signature(network.auth_token, url) },
      handshakeTimeout: 5000,
      perMessageDeflate: false,
    });
  }

  #failed(code: number, reason: string): StreamEnd {
    this.#options.violation(code, reason);
    return { by: "error", code, reason };
  }

  #start(ws: WebSocket): void {
    const { offer_subprotocol, report, faults } = this.#options;
    ws.send(JSON.stringify({ event: "connected", protocol: "Call", version: "1.0.0" }));
    this.#send("start", this.#startFields(this.sid));
    this.started_at = performance.now();
    const echoed = ws.protocol === subprotocol;
    report("stream_started", { stream_sid: this.sid, ...(offer_subprotocol ? { echoed } : {}) });
    const { slow_reader } = faults;
    if (slow_reader) {
      setTimeout(() => ws.pause(), slow_reader.after_ms);
      setTimeout(() => ws.resume(), slow_reader.after_ms + slow_reader.for_ms);
    }
    this.#tick();
  }

  #startFields(streamSid: string): Record<string, unknown> {
    const { account_sid: accountSid, call_sid: callSid, parameters } = this.#options;
    const mediaFormat = { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 };
    const customParameters = parameters;
    const tracks = ["inbound"];
    return { start: { accountSid, streamSid, callSid, tracks, mediaFormat, customParameters } };
  }

  /** Frames are due at start + n × 20 ms; after a late timer the missed ones follow at once. */
  #tick(): void {
    const { media_stops_after_ms: limit = Infinity } = this.#options.faults;
    for (;;) {
      const due = this.started_at + this.frames_sent * frame_ms;
      const wait = due - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#tick(), wait);
        return;
      }
      if (this.frames_sent * frame_ms >= limit) return;
      this.#sendFrame();
    }
  }

  #sendFrame(): void {
    const { mouth, faults } = this.#options;
    const timestamp = String(this.frames_sent * frame_ms);
    const chunk = String(++this.frames_sent);
    const payload = mouth.next(this.#echo()).toString("base64");
    if (faults.garbage_every && this.frames_sent % faults.garbage_every === 0) {
      this.#garbage(this.frames_sent / faults.garbage_every);
    } else this.#send("media", { media: { track: "inbound", chunk, timestamp, payload } });
  }

  #echo(): Int16Array | null {
    const { echo } = this.#options;
    if (!echo) return null;
    const to = performance.now() - echo.delay_ms;
    const sound = this.playback.sound(to - frame_ms, to);
    return sound.every((byte) => byte === 0xff) ? null : gain(decodeMulaw(sound), echo.gain_db);
  }

  #garbage(n: number): void {
    if (n % 3 === 0) this.#ws?.send('{"event":"media","media":');
    else if (n % 3 === 1) this.#send("media", { media: { track: "inbound", payload: "%%%" } });
    else this.#send("surprise", { surprise: {} });
  }

  #send(event: string, fields: Record<string, unknown>): void {
    if (this.#ws?.readyState !== WebSocket.OPEN) return;
    const sequenceNumber = String(++this.#sequence);
    this.#ws.send(JSON.stringify({ event, sequenceNumber, ...fields, streamSid: this.sid }));
  }

  #receive(data: Buffer, binary: boolean): void {
    const { violation, report } = this.#options;
    if (binary) return violation(31_950, "binary frame");
    let json: unknown;
    try {
      json = JSON.parse(data.toString());
    } catch {
      return violation(31_951, `not JSON: ${data.toString().slice(0, 100)}`);
    }
    const parsed = serverMessage.safeParse(json);
    if (!parsed.success) return violation(31_951, z.prettifyError(parsed.error));
    const message = parsed.data;
    if (message.streamSid !== this.sid) return violation(31_951, `streamSid ${message.streamSid}`);
    if (message.event === "media") this.playback.play(Buffer.from(message.media.payload, "base64"));
    else if (message.event === "mark") this.playback.mark(message.mark.name);
    else {
      report("clear", { dropped_ms: this.playback.buffered_ms });
      this.playback.clear();
    }
  }

  async #again(address: string, signal: AbortSignal): Promise<void> {
    const { report } = this.#options;
    while (this.started_at === 0 && !signal.aborted) await sleep(10);
    if (signal.aborted) return;
    const second = this.#open(address);
    const sid = `MZ${randomBytes(16).toString("hex")}`;
    second.on("error", () => {});
    second.on("close", (code) => report("second_stream_closed", { code }));
    second.on("open", () => {
      second.send(JSON.stringify({ event: "connected", protocol: "Call", version: "1.0.0" }));
      const start = { event: "start", sequenceNumber: "1", ...this.#startFields(sid) };
      second.send(JSON.stringify({ ...start, streamSid: sid }));
    });
  }
}

function onAbort(signal: AbortSignal, run: () => void): void {
  if (signal.aborted) run();
  else signal.addEventListener("abort", run, { once: true });
}
