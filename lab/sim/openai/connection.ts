import type { WebSocket } from "ws";
import { z } from "zod";
import { toMulaw } from "./audio-format.ts";
import type { Brain, BrainReply } from "./brain.ts";
import { clientEvent, type AudioFormat, type ClientEvent } from "./client-events.ts";
import type { ResponseParams } from "./client-events.ts";
import { Conversation, newId, wireItem, type Entry } from "./conversation.ts";
import type { FaultList } from "./faults.ts";
import { InputBuffer } from "./input-buffer.ts";
import { slept, type Delays } from "./latency.ts";
import { ResponseRun, type CancelReason } from "./response.ts";
import { freshSession, updatedSession, type SessionConfig } from "./session-config.ts";

/** Something a client sent that the service would not accept, or would accept and ignore. */
export interface Violation {
  connection: string;
  reason: string;
  /** The event's type, or the start of what was received. */
  event: string;
}

export interface ConnectionOptions {
  model: string;
  brain: Brain;
  faults: FaultList;
  delays: Delays;
  /** Sound shorter than this does not start a turn. */
  min_speech_ms: number;
  onViolation(violation: Violation): void;
}

type Of<T extends ClientEvent["type"]> = Extract<ClientEvent, { type: T }>;

/** One Realtime session over its WebSocket. */
export class RealtimeConnection {
  readonly id = newId("sess");
  readonly conversation = new Conversation();
  readonly faults: FaultList;
  readonly delays: Delays;
  /** Every client event but the audio, in order. */
  readonly received: Exclude<ClientEvent, { type: "input_audio_buffer.append" }>[] = [];
  /** Every `error` event sent, benign ones too. */
  readonly errors: { code: string; message: string }[] = [];
  /** Milliseconds of the caller's audio received. */
  heard_ms = 0;
  session: SessionConfig;
  #ws: WebSocket;
  #options: ConnectionOptions;
  #input: InputBuffer;
  #active: ResponseRun | null = null;
  #runs = new Set<ResponseRun>();
  #speech_item = "";
  #has_spoken = false;
  #closed = new AbortController();
  #idle: NodeJS.Timeout | undefined;

  constructor(ws: WebSocket, options: ConnectionOptions) {
    this.#ws = ws;
    this.#options = options;
    this.faults = options.faults;
    this.delays = options.delays;
    this.session = freshSession(this.id, options.model);
    const { turn_detection } = this.session.audio.input;
    this.#input = new InputBuffer(turn_detection, options.min_speech_ms);
    ws.on("close", () => this.#dispose());
    ws.on("error", () => this.#dispose());
    if (this.faults.take("mute")) return;
    ws.on("message", (data, binary) => this.#message(data as Buffer, binary));
    this.send("session.created", { session: this.session });
    if (this.faults.take("malformed_json")) ws.send('{"type":"session.');
    const error = this.faults.take("error_event");
    if (error) this.fail(error.code, "Injected by the laboratory.", {}, "server_error");
    if (error?.fatal) this.close(1011, error.code);
  }

  get open(): boolean {
    return this.#ws.readyState === this.#ws.OPEN;
  }

  get output_format(): AudioFormat {
    return this.session.audio.output.format;
  }

  get output_modalities(): ["audio"] | ["text"] {
    return this.session.output_modalities;
  }

  /** Closes from the service's side. 1006 drops the connection without a close frame. */
  close(code: number, reason: string): void {
    if (code === 1006) this.#ws.terminate();
    else this.#ws.close(code, reason);
    this.#dispose();
  }

  /** The planned end after sixty minutes. */
  expire(): void {
    const message = "Your session hit the maximum duration of 60 minutes.";
    this.fail("session_expired", message);
    this.close(1001, message);
  }

  /** Sends a server event; after the end it is dropped. */
  send(type: string, fields: Record<string, unknown>): void {
    if (this.open) this.#ws.send(JSON.stringify({ type, event_id: newId("event"), ...fields }));
  }

  /** Sends an `error` event. */
  fail(
    code: string,
    message: string,
    about: { event_id?: string | undefined; param?: string } = {},
    type = "invalid_request_error",
  ): void {
    this.errors.push({ code, message });
    const { event_id = null, param = null } = about;
    this.send("error", { error: { type, code, message, param, event_id } });
  }

  /** Asks the brain; part of what a response needs. */
  async think(params: ResponseParams): Promise<BrainReply> {
    return this.#options.brain({
      items: this.conversation.understood(),
      tools: params.tools ?? this.session.tools,
      instructions: this.session.instructions,
      response_instructions: params.instructions ?? null,
      tool_choice: params.tool_choice ?? this.session.tool_choice,
    });
  }

  #violation(reason: string, event: string, event_id?: string): void {
    this.#options.onViolation({ connection: this.id, reason, event });
    this.fail("invalid_value", reason, { event_id });
  }

  #message(data: Buffer, binary: boolean): void {
    const text = data.toString();
    if (binary) return this.#violation("binary frame", `${data.length} bytes`);
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return this.#violation("not JSON", text.slice(0, 200));
    }
    const parsed = clientEvent.safeParse(json);
    if (parsed.success) return this.#handle(parsed.data);
    const { type, event_id } = z
      .object({ type: z.string().catch("?"), event_id: z.string().optional().catch(undefined) })
      .catch({ type: "?" })
      .parse(json);
    this.#violation(z.prettifyError(parsed.error), type, event_id);
  }

  #handle(event: ClientEvent): void {
    if (event.type === "input_audio_buffer.append") return this.#append(event.audio);
    this.received.push(event);
    switch (event.type) {
      case "session.update":
        return this.#update(event);
      case "input_audio_buffer.commit":
        return this.#commit(event);
      case "input_audio_buffer.clear":
        this.#input.clear();
        return this.send("input_audio_buffer.cleared", {});
      case "conversation.item.create":
        return this.#create(event);
      case "conversation.item.truncate":
        return this.#truncate(event);
      case "conversation.item.delete":
        if (!this.conversation.remove(event.item_id)) return this.#unknownItem(event);
        return this.send("conversation.item.deleted", { item_id: event.item_id });
      case "conversation.item.retrieve": {
        const entry = this.conversation.find(event.item_id);
        if (!entry) return this.#unknownItem(event);
        return this.send("conversation.item.retrieved", { item: wireItem(entry) });
      }
      case "response.create":
        return this.#respond(event.response ?? {}, event.event_id);
      case "response.cancel":
        return this.#cancel(event);
    }
  }

  #update({ session, event_id }: Of<"session.update">): void {
    const voice = session.audio?.output?.voice;
    if (session.model !== undefined && session.model !== this.session.model) {
      return this.fail("invalid_value", "The model of a session cannot be changed.", { event_id });
    }
    if (voice !== undefined && this.#has_spoken && voice !== this.session.audio.output.voice) {
      const message = "Cannot update a conversation's voice if assistant audio is present.";
      return this.fail("cannot_update_voice", message, { event_id });
    }
    const before = this.session.audio;
    this.session = updatedSession(this.session, session);
    if (this.faults.take("ignore_format")) {
      this.session.audio.input.format = before.input.format;
      this.session.audio.output.format = before.output.format;
    }
    this.#input.detection = this.session.audio.input.turn_detection;
    this.send("session.updated", { session: this.session });
  }

  #append(audio: string): void {
    const sound = toMulaw(Buffer.from(audio, "base64"), this.session.audio.input.format);
    this.heard_ms += sound.length / 8;
    for (const heard of this.#input.append(sound)) {
      if (heard.kind === "started") this.#speechStarted(heard.audio_start_ms);
      else this.#speechStopped(heard.audio_end_ms, heard.audio);
    }
  }

  #speechStarted(audio_start_ms: number): void {
    clearTimeout(this.#idle);
    this.#speech_item = newId("item");
    const fields = { audio_start_ms, item_id: this.#speech_item };
    this.send("input_audio_buffer.speech_started", fields);
    if (this.session.audio.input.turn_detection?.interrupt_response) {
      this.#active?.cancel("turn_detected");
    }
  }

  #speechStopped(audio_end_ms: number, audio: Buffer): void {
    const item_id = this.#speech_item;
    this.send("input_audio_buffer.speech_stopped", { audio_end_ms, item_id });
    this.#addAudio(item_id, audio);
    if (this.session.audio.input.turn_detection?.create_response) this.#respond({});
  }

  #commit({ event_id }: Of<"input_audio_buffer.commit">): void {
    const ms = this.#input.pending_ms;
    if (ms < 100) {
      const message = `Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has ${ms.toFixed(2)}ms of audio.`;
      return this.fail("input_audio_buffer_commit_empty", message, { event_id });
    }
    this.#addAudio(newId("item"), this.#input.takeAll());
  }

  #addAudio(id: string, audio: Buffer): void {
    const content = [{ type: "input_audio" as const, transcript: null }];
    const item = { type: "message" as const, role: "user" as const, status: "completed" as const };
    const entry: Entry = { id, item: { ...item, content }, audio };
    const previous_item_id = this.conversation.insert(entry);
    this.send("input_audio_buffer.committed", { item_id: id, previous_item_id });
    this.send("conversation.item.added", { previous_item_id, item: wireItem(entry) });
    this.send("conversation.item.done", { previous_item_id, item: wireItem(entry) });
    if (this.session.audio.input.transcription) void this.#transcribe(entry);
  }

  /** Transcripts come on their own time, often after the answer has begun. */
  async #transcribe(entry: Entry): Promise<void> {
    const { delays } = this;
    const late_ms = this.faults.take("slow_transcript")?.ms ?? 0;
    const ms = late_ms + delays.draw(delays.latency.transcribe_ms);
    if (!(await slept(ms, this.#closed.signal))) return;
    const understood = this.conversation.understood()[this.conversation.entries.indexOf(entry)];
    const transcript = understood?.type === "message" ? understood.text : "";
    const where = { item_id: entry.id, content_index: 0 };
    const prefix = "conversation.item.input_audio_transcription";
    for (const delta of transcript.match(/\S+\s*/g) ?? []) {
      this.send(`${prefix}.delta`, { ...where, delta });
    }
    const usage = { type: "duration", seconds: (entry.audio?.length ?? 0) / 8000 };
    this.send(`${prefix}.completed`, { ...where, transcript, usage });
  }

  #create({ item, previous_item_id, event_id }: Of<"conversation.item.create">): void {
    const { conversation } = this;
    if (item.type === "function_call_output" && !conversation.hasCall(item.call_id)) {
      const reason = `Tool call ID '${item.call_id}' not found in conversation.`;
      return this.#violation(reason, "conversation.item.create", event_id);
    }
    const id = item.id ?? newId("item");
    if (conversation.find(id)) return this.fail("item_already_exists", id, { event_id });
    const known = previous_item_id === undefined || previous_item_id === "root";
    if (!known && !conversation.find(previous_item_id)) {
      return this.fail("item_not_found", `No item ${previous_item_id}.`, { event_id });
    }
    const entry: Entry = { id, item };
    if (item.type === "message") {
      const sound = item.content.find((part) => "audio" in part);
      if (sound) {
        const audio = Buffer.from(sound.audio, "base64");
        entry.audio = toMulaw(audio, this.session.audio.input.format);
      }
    }
    const previous = conversation.insert(entry, previous_item_id);
    const fields = { previous_item_id: previous, item: wireItem(entry) };
    this.send("conversation.item.added", fields);
    this.send("conversation.item.done", fields);
  }

  #truncate({ item_id, audio_end_ms, event_id }: Of<"conversation.item.truncate">): void {
    const entry = this.conversation.find(item_id);
    if (!entry) return this.#unknownItem({ item_id, event_id });
    const { item } = entry;
    if (item.type !== "message" || item.role !== "assistant" || !entry.audio) {
      const message = "Only model output audio messages can be truncated.";
      return this.fail("invalid_value", message, { event_id, param: "item_id" });
    }
    const length_ms = entry.audio.length / 8;
    if (audio_end_ms > length_ms) {
      const message = `Audio content of ${length_ms}ms is already shorter than ${audio_end_ms}ms`;
      return this.fail("invalid_value", message, { event_id, param: "audio_end_ms" });
    }
    entry.audio = entry.audio.subarray(0, audio_end_ms * 8);
    entry.transcript = "";
    this.send("conversation.item.truncated", { item_id, content_index: 0, audio_end_ms });
  }

  #unknownItem({ item_id, event_id }: { item_id: string; event_id?: string | undefined }): void {
    this.fail("item_not_found", `Item with id '${item_id}' not found.`, { event_id });
  }

  #respond(params: ResponseParams, event_id?: string): void {
    if (params.conversation !== "none" && this.#active) {
      const message = `Conversation already has an active response in progress: ${this.#active.id}. Wait until the response is finished before creating a new one.`;
      return this.fail("conversation_already_has_active_response", message, { event_id });
    }
    clearTimeout(this.#idle);
    const run = new ResponseRun(this, params);
    this.#runs.add(run);
    if (run.in_conversation) this.#active = run;
    void run.run().finally(() => this.#responded(run));
  }

  #responded(run: ResponseRun): void {
    this.#runs.delete(run);
    if (this.#active === run) this.#active = null;
    this.#has_spoken ||= run.spoken_ms > 0;
    const detection = this.session.audio.input.turn_detection;
    const idle_ms = detection?.type === "server_vad" ? detection.idle_timeout_ms : null;
    if (!idle_ms || !this.open || this.#input.speaking) return;
    this.#idle = setTimeout(() => this.#idleTimeout(idle_ms), run.spoken_ms + idle_ms);
  }

  #idleTimeout(idle_ms: number): void {
    const end = this.#input.total_ms;
    const item_id = newId("item");
    const fields = { item_id, audio_start_ms: Math.max(0, end - idle_ms), audio_end_ms: end };
    this.send("input_audio_buffer.timeout_triggered", fields);
    this.#addAudio(item_id, this.#input.takeAll());
    this.#respond({});
  }

  #cancel({ response_id, event_id }: Of<"response.cancel">): void {
    const runs = [...this.#runs];
    const found = response_id ? runs.find(({ id }) => id === response_id) : this.#active;
    const message = "Cancellation failed: no active response found";
    if (!found) return this.fail("response_cancel_not_active", message, { event_id });
    const reason: CancelReason = "client_cancelled";
    found.cancel(reason);
  }

  #dispose(): void {
    clearTimeout(this.#idle);
    this.#closed.abort();
    for (const run of this.#runs) run.dispose();
  }
}
