import type { FrameSink } from "./pacer.ts";
import type { MediaSocket, VoiceLog } from "./ports.ts";
import type { StreamMessage } from "./twilio-messages.ts";
import { frame_ms, silence_byte } from "./mulaw.ts";
import { parseStreamMessage } from "./twilio-messages.ts";

/** Holes in the stream longer than this are filled, so that the model's ears keep time. */
const gap_ms = 100;
const longest_fill_ms = 10_000;
const frames_scratch = 8_192;
const most_buffered_bytes = 1_048_576;
const most_garbage = 200;
const open_state = 1;

export interface MediaStreamEvents {
  start(message: Extract<StreamMessage, { event: "start" }>): void;
  /** One frame of the caller; `bytes` is reused for the next. */
  frame(payload: string, bytes: Buffer, length: number): void;
  mark(name: string): void;
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
  private media_prefix = "";
  private mark_prefix = "";
  private expected_ts = -1;
  private readonly scratch = Buffer.alloc(frames_scratch);
  private readonly socket: MediaSocket;
  private readonly wire: { cork(): void; uncork(): void } | null;
  private readonly events: MediaStreamEvents;
  private readonly log: VoiceLog;

  /** @param wire the TCP socket under the WebSocket, to group writes; null does without */
  constructor(
    socket: MediaSocket,
    wire: { cork(): void; uncork(): void } | null,
    events: MediaStreamEvents,
    log: VoiceLog,
  ) {
    this.socket = socket;
    this.wire = wire;
    this.events = events;
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
    this.write(this.media_prefix + bytes.toString("base64") + '"}}');
  }

  mark(name: string): void {
    this.write(this.mark_prefix + JSON.stringify(name) + "}}");
  }

  /** Empties what Twilio has not played yet. */
  clear(): void {
    if (this.stream_sid === null) return;
    this.write(JSON.stringify({ event: "clear", streamSid: this.stream_sid }));
  }

  together(write: () => void): void {
    this.wire?.cork();
    try {
      write();
    } finally {
      this.wire?.uncork();
    }
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  terminate(): void {
    this.socket.terminate();
  }

  private write(message: string): void {
    if (this.stream_sid === null || this.socket.readyState !== open_state) return;
    if (this.socket.bufferedAmount > most_buffered_bytes) {
      this.events.overflow();
      return;
    }
    this.socket.send(message);
  }

  private receive(data: unknown, is_binary: boolean): void {
    const message = !is_binary && Buffer.isBuffer(data) ? parseStreamMessage(data) : null;
    if (message === null) return this.onGarbage();
    switch (message.event) {
      case "media":
        return this.onMedia(message.payload, message.timestamp);
      case "mark":
        return this.events.mark(message.name);
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
    this.media_prefix = `{"event":"media","streamSid":${sid},"media":{"payload":"`;
    this.mark_prefix = `{"event":"mark","streamSid":${sid},"mark":{"name":`;
    this.events.start(message);
  }

  private onMedia(payload: string, timestamp: number): void {
    if (this.stream_sid === null) return this.onGarbage();
    const length = this.scratch.write(payload, "base64");
    if (length === 0 || !isWhole(payload, length)) return this.onGarbage();
    this.frames_in++;
    if (timestamp >= 0) {
      const gap = this.expected_ts < 0 ? 0 : timestamp - this.expected_ts;
      this.expected_ts = Math.max(this.expected_ts, timestamp + length / 8);
      if (gap > gap_ms) {
        this.fill(Math.min(gap, longest_fill_ms));
        this.scratch.write(payload, "base64");
      }
    }
    this.events.frame(payload, this.scratch, length);
  }

  private fill(gap: number): void {
    this.log.info({ gap_ms: gap }, "[CALL] filled a hole in the caller's audio");
    const length = frame_ms * 8;
    this.scratch.fill(silence_byte, 0, length);
    const payload = this.scratch.toString("base64", 0, length);
    for (let ms = 0; ms + frame_ms <= gap; ms += frame_ms) {
      this.events.frame(payload, this.scratch, length);
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

/** Whether every character of `payload` was base64; what was not is left out in decoding. */
function isWhole(payload: string, decoded: number): boolean {
  const padding = payload.endsWith("==") ? 2 : payload.endsWith("=") ? 1 : 0;
  return decoded === Math.floor(((payload.length - padding) * 3) / 4) && payload.length % 4 === 0;
}
