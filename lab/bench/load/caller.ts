import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { WebSocket } from "ws";
import type { CallTrace, Traces } from "./trace.ts";
import { BargeWatch } from "./barge-watch.ts";
import { Conversation } from "./conversation.ts";
import { Ear } from "./ear.ts";
import { frame_ms, writeTag } from "./tags.ts";

const media_format = { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 };

/** Where a call's stream goes, as its TwiML said. */
export interface StreamTarget {
  call_sid: string;
  account_sid: string;
  address: string;
  parameters: Record<string, string>;
}

export interface CallerOptions {
  target: StreamTarget;
  trace: CallTrace;
  traces: Traces;
  least_in_hand_ms: number | null;
  random(): number;
}

/** The carrier's end of one media stream, with a caller on it. */
export class Caller {
  private readonly options: CallerOptions;
  private readonly sid = `MZ${randomBytes(16).toString("hex")}`;
  private readonly ws: WebSocket;
  private readonly ear: Ear;
  private readonly barge: BargeWatch;
  private conversation: Conversation | null = null;
  private started_at = 0;
  private sequence = 0;
  private chunk = 0;
  private unanswered = 0;
  private closing = false;

  constructor(options: CallerOptions) {
    const { trace, traces, least_in_hand_ms, target } = options;
    this.options = options;
    this.barge = new BargeWatch(trace.meter);
    const markReached = (name: string) => this.send("mark", { mark: { name } });
    this.ear = new Ear({ trace, traces, least_in_hand_ms, markReached });
    this.ws = new WebSocket(target.address, ["audio.twilio.com"], {
      perMessageDeflate: false,
      skipUTF8Validation: true,
    });
    this.ws.on("message", (data) => this.receive(data as Buffer));
    this.ws.on("error", (error) => trace.meter.anomaly(`caller's socket: ${error.message}`));
    this.ws.on("close", (code) => {
      if (!this.closing) trace.meter.anomaly(`stream closed by the server with ${code}`);
      this.closing = true;
    });
  }

  /** Sends `start`; from then on `tick` sends a frame every 20 ms. */
  async begin(): Promise<void> {
    await once(this.ws, "open");
    const { call_sid: callSid, account_sid: accountSid, parameters } = this.options.target;
    this.ws.send('{"event":"connected","protocol":"Call","version":"1.0.0"}');
    const stream = { accountSid, streamSid: this.sid, callSid, tracks: ["inbound"] };
    const start = { ...stream, mediaFormat: media_format, customParameters: parameters };
    this.started_at = performance.now();
    this.send("start", { start });
    const agent = { audible: (now: number) => this.ear.dry_at > now };
    this.conversation = new Conversation(agent, this.options.random, this.started_at);
  }

  /** Frames are due at start + n × 20 ms, whatever the timers do. */
  tick(now: number): void {
    if (this.conversation === null || this.closing) return;
    this.ear.tick(now);
    this.barge.tick(this.ear.dry_at, now);
    while (this.started_at + this.chunk * frame_ms <= now) this.frame(this.conversation);
  }

  /** The caller hangs up; resolves when the socket is closed. */
  async hangUp(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    const { account_sid: accountSid, call_sid: callSid } = this.options.target;
    this.send("stop", { stop: { accountSid, callSid } });
    this.ws.close();
    await once(this.ws, "close");
  }

  private frame(conversation: Conversation): void {
    const { trace } = this.options;
    const now = performance.now();
    const spoken = conversation.next(now);
    const timestamp = this.chunk * frame_ms;
    const payload = this.chunk === 0 ? named(spoken.payload, trace.number) : spoken.payload;
    this.chunk++;
    if (conversation.saying) trace.saying = conversation.saying.text;
    if (spoken.onset) this.barge.onset(spoken.onset, now);
    if (conversation.unanswered > this.unanswered) {
      this.unanswered++;
      trace.meter.anomaly("caller without an answer for 6 s");
    }
    const message =
      `{"event":"media","sequenceNumber":"${++this.sequence}","media":{"track":"inbound",` +
      `"chunk":"${this.chunk}","timestamp":"${timestamp}","payload":"${payload}"},` +
      `"streamSid":"${this.sid}"}`;
    trace.sent(payload, performance.now());
    this.ws.send(message);
  }

  private receive(data: Buffer): void {
    const now = performance.now();
    const message = JSON.parse(data.toString()) as {
      event: string;
      streamSid: string;
      media: { payload: string };
      mark: { name: string };
    };
    const { meter } = this.options.trace;
    if (message.streamSid !== this.sid) return meter.anomaly("another stream's message");
    if (message.event === "media") {
      const greeted = this.ear.first_at > 0;
      this.ear.media(message.media.payload, now);
      if (!greeted) meter.greeting.add(now - this.started_at);
      this.barge.audio();
    } else if (message.event === "mark") this.ear.mark(message.mark.name, now);
    else if (message.event === "clear") {
      this.barge.cleared(this.ear.dry_at, now);
      this.ear.clear(now);
    } else meter.anomaly(`unknown message ${message.event}`);
  }

  private send(event: string, fields: object): void {
    if (this.ws.readyState !== WebSocket.OPEN) return;
    const sequenceNumber = String(++this.sequence);
    this.ws.send(JSON.stringify({ event, sequenceNumber, ...fields, streamSid: this.sid }));
  }
}

/** The first frame names the call, for the model's end. */
function named(payload: string, number: number): string {
  const audio = Buffer.from(payload, "base64");
  writeTag(audio, 0, number);
  return audio.toString("base64");
}
