import type { FrameSink } from "./pacer.ts";
import type { Clock, MediaSocket, VoiceLog } from "./ports.ts";
import type { StreamMessage } from "./twilio-messages.ts";
import type { Wire } from "./text-frames.ts";
import { decodeBase64 } from "./base64.ts";
import { bytes_per_ms, frame_bytes, frame_ms, silence_byte } from "./mulaw.ts";
import { TextFrames } from "./text-frames.ts";
import { parseStreamMessage } from "./twilio-messages.ts";

/** Holes in the stream longer than this are filled, so that the model's ears keep time. */
const gap_ms = 100;
const longest_fill_ms = 10_000;
/** One second: more comes in no message of a telephone. */
const most_frame_bytes = 8_190;
/** The carrier's clock may be slower than ours by this much a frame (1 ms a second). */
const drift_ms = 0.02;
const most_buffered_bytes = 1_048_576;
const most_garbage = 200;
const open_state = 1;
const media_suffix = Buffer.from('"}}');
const silent_frame = Buffer.alloc(frame_bytes, silence_byte);
const silent_payload = Buffer.from(silent_frame.toString("base64"));

export interface MediaStreamEvents {
  start(message: Extract<StreamMessage, { event: "start" }>): void;
  /**
   * One frame of the caller; both buffers are good only during the call. `at` is when it would
   * have come without jitter, on the clock.
   */
  frame(payload: Buffer, bytes: Buffer, length: number, at: number): void;
  /** `at` as above: marks travel between the frames. */
  mark(name: string, at: number): void;
  dtmf(digit: string): void;
  stop(): void;
  /** The socket is gone, for whatever reason. Called once. */
  closed(code: number): void;
  /** The peer reads too slowly: more than 1 MB waits for it. */
  overflow(): void;
  /** A listener threw. */
  fault(error: unknown): void;
}

/** Twilio's messages ⇄ frames, over one WebSocket. */
export class MediaStream implements FrameSink {
  /** Frames of the caller that came. */
  frames_in = 0;
  private garbage = 0;
  private stream_sid: string | null = null;
  private media_prefix: Buffer = Buffer.alloc(0);
  private mark_prefix = "";
  private depth = 0;
  private expected_ts = -1;
  /** The least that a frame came later than its timestamp says, on the clock. */
  private offset_ms = Infinity;
  private last_at = -Infinity;
  private readonly scratch = Buffer.alloc(most_frame_bytes);
  private readonly socket: MediaSocket;
  private readonly out: TextFrames;
  private readonly events: MediaStreamEvents;
  private readonly clock: Clock;
  private readonly log: VoiceLog;

  /** @param wire the TCP socket under the WebSocket */
  constructor(
    socket: MediaSocket,
    wire: Wire,
    events: MediaStreamEvents,
    clock: Clock,
    log: VoiceLog,
  ) {
    this.socket = socket;
    this.out = new TextFrames(wire, "server");
    this.events = events;
    this.clock = clock;
    this.log = log;
    let closed = false;
    const onClosed = (code: number) => {
      if (closed) return;
      closed = true;
      this.events.closed(code);
    };
    socket.on("message", (data, is_binary) => this.guard(() => this.receive(data, is_binary)));
    socket.on("close", (code) => this.guard(() => onClosed(code)));
    socket.on("error", (error) => {
      this.log.warn({ error: error.message }, "[CALL] media socket error");
      socket.terminate();
    });
  }

  media(bytes: Buffer): void {
    if (!this.writable()) return;
    this.out.addBase64(this.media_prefix, bytes, media_suffix);
    this.flush();
  }

  mark(name: string): void {
    if (!this.writable()) return;
    this.out.add(`${this.mark_prefix}${JSON.stringify(name)}}}`);
    this.flush();
  }

  /** Empties what Twilio has not played yet. */
  clear(): void {
    if (!this.writable()) return;
    this.out.add(JSON.stringify({ event: "clear", streamSid: this.stream_sid }));
    this.flush();
  }

  together(write: () => void): void {
    this.depth++;
    try {
      write();
    } finally {
      this.depth--;
      this.flush();
    }
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  terminate(): void {
    this.socket.terminate();
  }

  private writable(): boolean {
    if (this.stream_sid === null || this.socket.readyState !== open_state) return false;
    if (this.socket.bufferedAmount <= most_buffered_bytes) return true;
    this.events.overflow();
    return false;
  }

  private flush(): void {
    if (this.depth === 0 && this.socket.readyState === open_state) this.out.flush();
  }

  private receive(data: unknown, is_binary: boolean): void {
    const message = !is_binary && Buffer.isBuffer(data) ? parseStreamMessage(data) : null;
    if (message === null) return this.onGarbage();
    switch (message.event) {
      case "media":
        return this.onMedia(message.payload, message.timestamp);
      case "mark":
        return this.events.mark(message.name, this.markTime());
      case "start":
        return this.onStart(message);
      case "dtmf":
        return this.events.dtmf(message.digit);
      case "stop":
        return this.events.stop();
    }
  }

  private onStart(message: Extract<StreamMessage, { event: "start" }>): void {
    if (this.stream_sid !== null || !message.format_ok) return this.onGarbage();
    this.stream_sid = message.stream_sid;
    const sid = JSON.stringify(message.stream_sid);
    this.media_prefix = Buffer.from(`{"event":"media","streamSid":${sid},"media":{"payload":"`);
    this.mark_prefix = `{"event":"mark","streamSid":${sid},"mark":{"name":`;
    this.events.start(message);
  }

  private onMedia(payload: Buffer, timestamp: number): void {
    if (this.stream_sid === null) return this.onGarbage();
    const length = decodeBase64(payload, this.scratch);
    if (length <= 0) return this.onGarbage();
    this.frames_in++;
    const at = this.frameTime(timestamp);
    if (timestamp >= 0) {
      const gap = this.expected_ts < 0 ? 0 : timestamp - this.expected_ts;
      this.expected_ts = Math.max(this.expected_ts, timestamp + length / bytes_per_ms);
      if (gap > gap_ms) this.fill(Math.min(gap, longest_fill_ms), at);
    }
    this.last_at = at;
    this.events.frame(payload, this.scratch, length, at);
  }

  private frameTime(timestamp: number): number {
    const now = this.clock.now();
    if (timestamp < 0) return now;
    this.offset_ms = Math.min(now - timestamp, this.offset_ms + drift_ms);
    return timestamp + this.offset_ms;
  }

  private markTime(): number {
    return Math.min(this.clock.now(), this.last_at < 0 ? Infinity : this.last_at + frame_ms);
  }

  private fill(gap: number, until: number): void {
    this.log.info({ gap_ms: gap }, "[CALL] filled a hole in the caller's audio");
    const frames = Math.floor(gap / frame_ms);
    for (let left = frames; left > 0; left--) {
      this.events.frame(silent_payload, silent_frame, frame_bytes, until - left * frame_ms);
    }
  }

  /** Counted and logged now and then; a peer that sends nothing else is closed. */
  private onGarbage(): void {
    this.garbage++;
    if (this.garbage === 1 || this.garbage === most_garbage) {
      this.log.warn({ count: this.garbage }, "[CALL] unreadable media message ignored");
    }
    if (this.garbage >= most_garbage && this.frames_in < this.garbage) {
      this.socket.close(1008, "not a media stream");
    }
  }

  /** A fault of ours in one call must not reach the socket's other listeners or calls. */
  private guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.log.error({ error: String(error) }, "[CALL] fault while handling media");
      this.events.fault(error);
    }
  }
}
