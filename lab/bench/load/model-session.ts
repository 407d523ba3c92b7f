import { randomUUID } from "node:crypto";
import type { WebSocket } from "ws";
import type { CallTrace, Traces } from "./trace.ts";
import { answers, greeting } from "./sounds.ts";
import { SpeechDetector } from "./speech-detector.ts";
import { ModelResponse } from "./model-response.ts";
import { frame_bytes, readTag } from "./tags.ts";

const append_prefix = '{"type":"input_audio_buffer.append","audio":"';
const transcript_ms = 250;

type Event = { type: string } & Record<string, unknown>;

export interface SessionDeps {
  traces: Traces;
  random(): number;
  /** Something a client should not do, or that this model does not know. */
  anomaly(kind: string): void;
}

/** One session of a model that answers whatever it hears, in the Realtime wire protocol. */
export class ModelSession {
  trace: CallTrace | null = null;
  readonly deps: SessionDeps;
  private readonly ws: WebSocket;
  private readonly detector = new SpeechDetector();
  private session: Record<string, unknown> = {};
  private creates_responses = false;
  private ready_at = 0;
  private active: ModelResponse | null = null;
  private speech_item = "";
  private last_item: string | null = null;
  private heard_ms = 0;
  private events = 0;

  constructor(ws: WebSocket, deps: SessionDeps) {
    this.ws = ws;
    this.deps = deps;
    ws.on("message", (data) => this.receive(data as Buffer));
    ws.on("close", () => this.active?.dispose());
    ws.on("error", () => ws.terminate());
    this.send("session.created", { session: { type: "realtime", id: `sess_${randomUUID()}` } });
  }

  send(type: string, fields: object): void {
    if (this.ws.readyState !== this.ws.OPEN) return;
    this.ws.send(JSON.stringify({ type, event_id: `event_${++this.events}`, ...fields }));
  }

  /** A new item of the conversation; returns what it follows. */
  added(item: Record<string, unknown> & { id: string }): void {
    const previous_item_id = this.last_item;
    this.last_item = item.id;
    this.send("conversation.item.added", { previous_item_id, item });
  }

  /** The response at hand is over. */
  over(response: ModelResponse): void {
    if (this.active === response) this.active = null;
  }

  private receive(data: Buffer): void {
    const text = data.toString("latin1");
    if (text.startsWith(append_prefix)) return this.append(text.slice(append_prefix.length, -2));
    this.handle(JSON.parse(data.toString("utf8")) as Event);
  }

  private append(payload: string): void {
    const now = performance.now();
    const trace = (this.trace ??= this.recognise(payload));
    trace?.heard(payload, now);
    const audio = Buffer.from(payload, "base64");
    for (let at = 0; at < audio.length; at += frame_bytes) {
      this.heard_ms += 20;
      const change = this.detector.frame(audio.subarray(at, at + frame_bytes));
      if (change === "started") this.speechStarted();
      else if (change === "stopped") this.speechStopped();
    }
  }

  /** The caller's first frame tells whose call this is. */
  private recognise(payload: string): CallTrace | null {
    const tag = readTag(payload);
    const trace = tag === null ? undefined : this.deps.traces.calls.get(tag);
    if (!trace) {
      this.deps.anomaly("session that does not begin with a call's first frame");
      return null;
    }
    trace.ready_at = this.ready_at;
    return trace;
  }

  private handle(event: Event): void {
    switch (event.type) {
      case "session.update":
        return this.configure(event["session"] as Record<string, unknown>);
      case "response.create":
        return this.respond(event["response"]);
      case "response.cancel":
        return this.active?.cancel();
      case "input_audio_buffer.commit":
        return this.commit(`item_${randomUUID()}`);
      case "conversation.item.create":
        return this.create(event["item"] as Record<string, unknown>);
      case "conversation.item.truncate":
      case "conversation.item.delete": {
        const { item_id, audio_end_ms } = event;
        const done = event.type.endsWith("truncate") ? "truncated" : "deleted";
        return this.send(`conversation.item.${done}`, { item_id, content_index: 0, audio_end_ms });
      }
      default:
        this.deps.anomaly(`unknown client event ${event.type}`);
    }
  }

  private configure(session: Record<string, unknown>): void {
    this.session = { ...this.session, ...session };
    const audio = session["audio"] as {
      input?: { turn_detection?: { create_response?: boolean } };
    };
    this.creates_responses = audio.input?.turn_detection?.create_response ?? true;
    this.send("session.updated", { session: this.session });
    this.ready_at = performance.now();
  }

  private create(item: Record<string, unknown>): void {
    const id = typeof item["id"] === "string" ? item["id"] : `item_${randomUUID()}`;
    this.added({ ...item, id });
    this.send("conversation.item.done", { item: { ...item, id } });
  }

  private speechStarted(): void {
    this.speech_item = `item_${randomUUID()}`;
    const fields = { audio_start_ms: this.heard_ms - 200, item_id: this.speech_item };
    this.send("input_audio_buffer.speech_started", fields);
    if (this.creates_responses) this.active?.cancel();
  }

  private speechStopped(): void {
    const fields = { audio_end_ms: this.heard_ms, item_id: this.speech_item };
    this.send("input_audio_buffer.speech_stopped", fields);
    this.commit(this.speech_item);
    if (this.creates_responses) this.respond(undefined);
  }

  private commit(item_id: string): void {
    const content = [{ type: "input_audio", transcript: null }];
    this.send("input_audio_buffer.committed", { item_id, previous_item_id: this.last_item });
    this.added({ id: item_id, type: "message", role: "user", status: "completed", content });
    const transcript = this.trace?.saying ?? "";
    setTimeout(() => {
      const fields = { item_id, content_index: 0, transcript };
      this.send("conversation.item.input_audio_transcription.completed", fields);
    }, transcript_ms);
  }

  private respond(params: unknown): void {
    if (this.active) {
      const error = { code: "conversation_already_has_active_response", message: "", type: "x" };
      return this.send("error", { error });
    }
    const instructions = (params as { instructions?: string } | undefined)?.instructions;
    const asked = instructions === undefined ? null : /«(.*)»/.exec(instructions)?.[1];
    const { random } = this.deps;
    const answer =
      asked === greeting.text ? greeting : answers[Math.floor(random() * answers.length)]!;
    this.active = new ModelResponse(this, answer);
  }
}
