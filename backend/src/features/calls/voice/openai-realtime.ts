import type { RealtimeClientEvent, RealtimeServerEvent } from "openai/resources/realtime/realtime";
import type { ClientRequest, IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import type { AudioDelta } from "./openai-events.ts";
import type { OpenAiRealtimeSettings } from "./openai-session.ts";
import type { CallBrief, Clock, VoiceLog } from "./ports.ts";
import type {
  CloseKind,
  ModelConnection,
  ModelListener,
  RealtimeModel,
  ResponseOptions,
  TextItem,
} from "./realtime-model.ts";
import { isBenign } from "./openai-errors.ts";
import { parseServerMessage } from "./openai-events.ts";
import { echoedFormat, realtimeUrl, sessionConfig } from "./openai-session.ts";
import { relayEvent } from "./openai-relay.ts";
import { TextFrames } from "./text-frames.ts";
import { PcmTranscoder } from "./transcoder.ts";

const most_buffered_bytes = 1_048_576;
const most_message_bytes = 8 * 1_048_576;
const append_prefix = Buffer.from('{"type":"input_audio_buffer.append","audio":"');
const append_suffix = Buffer.from('"}');

/** OpenAI's Realtime API (GA) over a plain WebSocket. */
export function openAiRealtime(
  settings: OpenAiRealtimeSettings,
  deps: { clock: Clock; log: VoiceLog },
): RealtimeModel {
  const url = realtimeUrl(settings.base_url, settings.model);
  return { connect: (brief) => new OpenAiConnection(brief, settings, url, deps.clock, deps.log) };
}

class OpenAiConnection implements ModelConnection {
  state: "connecting" | "ready" | "closed" = "connecting";
  private listener: ModelListener | null = null;
  private end: { kind: CloseKind; detail: string } | null = null;
  private transcoder: PcmTranscoder | null = null;
  private frames: TextFrames | null = null;
  private sent = 0;
  private garbage = 0;
  private readonly socket: WebSocket;
  private readonly cancelTimer: () => void;
  private readonly brief: CallBrief;
  private readonly settings: OpenAiRealtimeSettings;
  private readonly clock: Clock;
  private readonly log: VoiceLog;
  private readonly relay: (event: RealtimeServerEvent, listener: ModelListener) => void;

  constructor(
    brief: CallBrief,
    settings: OpenAiRealtimeSettings,
    url: string,
    clock: Clock,
    log: VoiceLog,
  ) {
    this.brief = brief;
    this.settings = settings;
    this.clock = clock;
    this.log = log;
    this.relay = relayEvent();
    const connect_ms = settings.connect_ms ?? 2_500;
    this.socket = new WebSocket(url, {
      headers: { Authorization: `Bearer ${settings.api_key}` },
      perMessageDeflate: false,
      skipUTF8Validation: true,
      maxPayload: most_message_bytes,
    });
    const late = () => this.finish("unreachable", `not ready within ${connect_ms} ms`);
    this.cancelTimer = clock.after(connect_ms, () => this.guard(late));
    this.attach();
  }

  listen(listener: ModelListener): void {
    this.listener = listener;
    if (this.state === "ready") listener.ready();
    else if (this.end) listener.closed(this.end.kind, this.end.detail);
  }

  sendAudio(payload: Buffer): void {
    if (this.state !== "ready") return;
    const audio = this.transcoder ? this.transcode(this.transcoder, payload) : payload;
    this.write(append_prefix, audio, append_suffix);
  }

  commitAudio(): void {
    this.send({ type: "input_audio_buffer.commit" });
  }

  createResponse({ instructions, tools }: ResponseOptions): void {
    const response = {
      ...(instructions === undefined ? {} : { instructions }),
      ...(tools === false ? { tool_choice: "none" as const } : {}),
    };
    const plain = instructions === undefined && tools !== false;
    this.send(plain ? { type: "response.create" } : { type: "response.create", response });
  }

  cancelResponse(response_id: string): void {
    this.send({ type: "response.cancel", response_id });
  }

  truncate(item_id: string, content_index: number, heard_ms: number): void {
    this.send({
      type: "conversation.item.truncate",
      item_id,
      content_index,
      audio_end_ms: heard_ms,
    });
  }

  addText({ id, role, text }: TextItem): void {
    const named = id === undefined ? {} : { id };
    if (role === "assistant") {
      const content = [{ type: "output_text" as const, text }];
      const item = { ...named, type: "message" as const, role, content };
      this.send({ type: "conversation.item.create", item });
      return;
    }
    const content = [{ type: "input_text" as const, text }];
    const item = { ...named, type: "message" as const, role, content };
    this.send({ type: "conversation.item.create", item });
  }

  addToolOutput(tool_call_id: string, output: string): void {
    this.send({
      type: "conversation.item.create",
      item: { type: "function_call_output", call_id: tool_call_id, output },
    });
  }

  deleteItem(item_id: string): void {
    this.send({ type: "conversation.item.delete", item_id });
  }

  close(): void {
    this.listener = null;
    this.finish("lost", "closed by us");
  }

  private attach(): void {
    const { socket } = this;
    const on = <Args extends unknown[]>(event: string, handle: (...args: Args) => void) => {
      socket.on(
        event as "close",
        ((...args: Args) => {
          this.guard(() => handle(...args));
        }) as never,
      );
    };
    on("upgrade", (response: IncomingMessage) => {
      this.frames = new TextFrames(response.socket, "client");
    });
    on("open", () => {
      const asked = this.settings.audio ?? "pcmu";
      const session = sessionConfig(this.brief, this.settings, asked);
      this.send({ type: "session.update", session });
    });
    on("message", (data: unknown, is_binary: boolean) => {
      if (!is_binary && Buffer.isBuffer(data)) this.receive(data);
      else this.onGarbage();
    });
    on("unexpected-response", (request: ClientRequest, response: IncomingMessage) => {
      const status = response.statusCode ?? 0;
      request.destroy();
      const for_good = status >= 400 && status < 500 && status !== 408 && status !== 429;
      this.finish(for_good ? "refused" : "unreachable", `HTTP ${status}`);
    });
    on("error", (error: Error) => {
      const kind = this.state === "ready" ? "lost" : "unreachable";
      this.finish(kind, "code" in error ? String(error.code) : error.message);
    });
    on("close", (code: number) => {
      const lost = this.state === "ready" ? "lost" : "unreachable";
      this.finish(code === 1001 && lost === "lost" ? "expired" : lost, `closed with ${code}`);
    });
  }

  /** A fault in one call's handling ends this session and nothing else. */
  private guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.log.error({ error: String(error) }, "[REALTIME-ERROR] fault while handling an event");
      try {
        this.finish("lost", "fault while handling an event");
      } catch (second) {
        this.log.error({ error: String(second) }, "[REALTIME-ERROR] fault while closing");
      }
    }
  }

  private receive(data: Buffer): void {
    if (this.state === "closed") return;
    const message = parseServerMessage(data);
    if (message === null) return this.onGarbage();
    if ("audio" in message) this.onAudio(message.audio);
    else this.onEvent(message.event);
  }

  private transcode(transcoder: PcmTranscoder, payload: Buffer): Buffer {
    const mulaw = Buffer.from(payload.toString("latin1"), "base64");
    return Buffer.from(transcoder.toModel(mulaw).toString("base64"));
  }

  private onAudio({ response_id, item_id, content_index, delta }: AudioDelta): void {
    const bytes = Buffer.from(delta, "base64");
    const audio = this.transcoder ? this.transcoder.toTelephone(bytes) : bytes;
    this.listener?.audio({ response_id, item_id, content_index, audio });
  }

  private onEvent(event: RealtimeServerEvent): void {
    switch (event.type) {
      case "session.updated":
        return this.onConfigured(event.session);
      case "response.output_audio.delta":
        return this.onAudio(event);
      case "error":
        return this.onError(event.error);
      default:
        if (this.listener) this.relay(event, this.listener);
    }
  }

  private onConfigured(session: unknown): void {
    if (this.state !== "connecting") return;
    const asked = this.settings.audio ?? "pcmu";
    const format = echoedFormat(session);
    if (format === "mismatch") {
      return this.finish("refused", "the session's audio format is neither µ-law nor PCM 24 kHz");
    }
    if (format === null) {
      this.log.warn({}, "[REALTIME-ERROR] the session does not tell its audio format");
    } else if (format !== asked) {
      this.log.warn({ asked, got: format }, "[REALTIME-ERROR] another audio format: transcoding");
    }
    if ((format ?? asked) === "pcm") this.transcoder = new PcmTranscoder();
    this.cancelTimer();
    this.state = "ready";
    this.listener?.ready();
  }

  private onError(error: { code?: string | null; type: string; message: string }): void {
    const code = error.code ?? error.type;
    if (isBenign(error)) {
      this.listener?.benign(code);
      return;
    }
    this.log.error({ code, detail: error.message }, `[REALTIME-ERROR] ${code}`);
    if (code === "session_expired") return this.finish("expired", code);
    if (this.state === "connecting") return this.finish("refused", code);
    this.listener?.fault(code, error.message);
  }

  private onGarbage(): void {
    this.garbage++;
    if (this.garbage === 1) {
      this.log.warn({}, "[REALTIME-ERROR] unreadable message from the model ignored");
    }
  }

  private send(event: RealtimeClientEvent): void {
    // Named by kind, so that an error that quotes the id says what it is about.
    event.event_id = `${event.type}#${++this.sent}`;
    this.write(Buffer.from(JSON.stringify(event)));
  }

  private write(...message: Uint8Array[]): void {
    const { socket, frames } = this;
    if (frames === null || socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > most_buffered_bytes) {
      this.finish("lost", "the model reads too slowly");
      return;
    }
    frames.addBytes(...message);
    frames.flush();
  }

  private finish(kind: CloseKind, detail: string): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.end = { kind, detail };
    this.cancelTimer();
    const { socket } = this;
    if (socket.readyState === WebSocket.OPEN) {
      socket.close(1000);
      this.clock.after(500, () => socket.terminate());
    } else {
      socket.terminate();
    }
    this.listener?.closed(kind, detail);
  }
}
