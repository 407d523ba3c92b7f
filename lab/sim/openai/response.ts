import { speak } from "../../speech/voice.ts";
import { fromMulaw } from "./audio-format.ts";
import type { BrainReply } from "./brain.ts";
import type { AudioFormat, ResponseParams } from "./client-events.ts";
import { newId, wireItem, type AudioItem, type Conversation, type Entry } from "./conversation.ts";
import type { FaultList } from "./faults.ts";
import { slept, type Delays } from "./latency.ts";

/** What a response needs of its connection. */
export interface ResponseHost {
  send(type: string, fields: Record<string, unknown>): void;
  close(code: number, reason: string): void;
  think(params: ResponseParams): Promise<BrainReply>;
  readonly conversation: Conversation;
  readonly delays: Delays;
  readonly faults: FaultList;
  readonly output_format: AudioFormat;
  readonly output_modalities: ["audio"] | ["text"];
}

export type CancelReason = "turn_detected" | "client_cancelled";
type Status = "in_progress" | "completed" | "cancelled" | "failed";

/** One response: what the brain says, streamed as the service streams it. */
export class ResponseRun {
  readonly id = newId("resp");
  readonly params: ResponseParams;
  /** Milliseconds of audio made so far. */
  spoken_ms = 0;
  #host: ResponseHost;
  #output: Entry[] = [];
  #abort = new AbortController();
  #cancelled: CancelReason | null = null;
  #text_tokens = 0;

  constructor(host: ResponseHost, params: ResponseParams) {
    this.#host = host;
    this.params = params;
  }

  /** In the default conversation only one response may be active. */
  get in_conversation(): boolean {
    return this.params.conversation !== "none";
  }

  cancel(reason: CancelReason): void {
    this.#cancelled ??= reason;
    this.#abort.abort();
  }

  /** The socket is gone: stop without a word. */
  dispose(): void {
    this.#abort.abort();
  }

  /** Runs to the end; never throws for a closed or cancelled response. */
  async run(): Promise<void> {
    const { faults, delays } = this.#host;
    const { signal } = this.#abort;
    this.#host.send("response.created", { response: this.#wire("in_progress") });
    const failed = faults.take("response_failed");
    if (failed) return this.#end("failed", { error: { type: "server_error", code: failed.code } });
    const reply = await this.#host.think(this.params);
    if (faults.take("no_response")) await aborted(signal);
    await slept(delays.draw(delays.latency.think_ms), signal);
    if (!signal.aborted && reply.say) await this.#message(reply.say, signal);
    for (const call of reply.calls ?? []) {
      if (!signal.aborted) this.#call(call.name, JSON.stringify(call.arguments));
    }
    if (!signal.aborted) this.#end("completed");
    else if (this.#cancelled) this.#end("cancelled", { reason: this.#cancelled });
  }

  async #message(text: string, signal: AbortSignal): Promise<void> {
    const text_only =
      this.#host.output_modalities[0] === "text" ||
      this.params.output_modalities?.[0] === "text" ||
      this.#host.faults.take("text_only") !== null;
    const item: AudioItem = {
      type: "message",
      role: "assistant",
      status: "in_progress",
      content: [],
    };
    const entry: Entry = { id: newId("item"), item, transcript: "" };
    const index = this.#add(entry);
    const part = text_only ? { type: "text", text: "" } : { type: "audio", transcript: "" };
    this.#part("response.content_part.added", entry, index, { part });
    if (text_only) this.#writeText(text, entry, index);
    else await this.#speak(text, entry, index, signal);
    item.status = signal.aborted ? "incomplete" : "completed";
    if (signal.aborted && !this.#cancelled) return;
    const said = entry.transcript ?? "";
    item.content = [
      text_only ? { type: "output_text", text: said } : { type: "output_audio", transcript: said },
    ];
    const done = text_only ? { type: "text", text: said } : { type: "audio", transcript: said };
    this.#part("response.content_part.done", entry, index, { part: done });
    this.#finish(entry, index);
  }

  #writeText(text: string, entry: Entry, index: number): void {
    entry.transcript = text;
    this.#text_tokens += text.length >> 2;
    this.#part("response.output_text.delta", entry, index, { delta: text });
    this.#part("response.output_text.done", entry, index, { text });
  }

  async #speak(text: string, entry: Entry, index: number, signal: AbortSignal): Promise<void> {
    const { delays, faults } = this.#host;
    const sound = speak(text);
    const hang = faults.take("hang_mid_audio");
    const close = faults.take("close_mid_audio");
    const slow = faults.take("slow_first_audio");
    if (slow) await slept(slow.ms, signal);
    let late: number | null = null;
    for (let at = 0; at < sound.length;) {
      if (signal.aborted) {
        late ??= this.#cancelled ? (faults.take("late_audio")?.chunks ?? 0) : 0;
        if (late === 0) break;
        late -= 1;
      }
      if (hang && at / 8 >= hang.after_ms) await aborted(signal);
      if (close && at / 8 >= close.after_ms) return this.#host.close(close.code, "");
      const chunk_ms = Math.round(delays.draw(delays.latency.chunk_ms));
      const end = Math.min(sound.length, at + chunk_ms * 8);
      this.#delta(text, sound, at, end, entry, index);
      at = end;
      if (!signal.aborted) await slept(chunk_ms / delays.latency.speed, signal);
    }
    if (signal.aborted && !this.#cancelled) return;
    this.#part("response.output_audio.done", entry, index, {});
    const transcript = entry.transcript ?? "";
    this.#part("response.output_audio_transcript.done", entry, index, { transcript });
  }

  #delta(text: string, sound: Buffer, at: number, end: number, entry: Entry, index: number): void {
    const from = Math.ceil((at / sound.length) * text.length);
    const delta = text.slice(from, Math.ceil((end / sound.length) * text.length));
    entry.transcript = text.slice(0, from) + delta;
    entry.audio = sound.subarray(0, end);
    this.spoken_ms = end / 8;
    if (delta) this.#part("response.output_audio_transcript.delta", entry, index, { delta });
    const audio = fromMulaw(sound.subarray(at, end), this.#host.output_format);
    this.#part("response.output_audio.delta", entry, index, { delta: audio.toString("base64") });
  }

  #call(name: string, args: string): void {
    const call_id = newId("call");
    const item = { type: "function_call" as const, name, call_id, arguments: "" };
    const entry: Entry = { id: newId("item"), item };
    const index = this.#add(entry);
    const fields = { item_id: entry.id, output_index: index, call_id, response_id: this.id };
    this.#text_tokens += args.length >> 2;
    const half = args.length >> 1;
    for (const delta of [args.slice(0, half), args.slice(half)]) {
      this.#host.send("response.function_call_arguments.delta", { ...fields, delta });
    }
    item.arguments = args;
    const done = { ...fields, arguments: args, name };
    this.#host.send("response.function_call_arguments.done", done);
    this.#finish(entry, index);
  }

  #add(entry: Entry): number {
    const index = this.#output.push(entry) - 1;
    const item = { ...wireItem(entry), status: "in_progress" };
    const fields = { response_id: this.id, output_index: index };
    this.#host.send("response.output_item.added", { ...fields, item });
    if (this.in_conversation) {
      const previous_item_id = this.#host.conversation.insert(entry);
      this.#host.send("conversation.item.added", { previous_item_id, item });
    }
    return index;
  }

  #finish(entry: Entry, index: number): void {
    const item = wireItem(entry);
    if (this.in_conversation) {
      const { entries } = this.#host.conversation;
      const previous_item_id = entries[entries.indexOf(entry) - 1]?.id ?? null;
      this.#host.send("conversation.item.done", { previous_item_id, item });
    }
    const fields = { response_id: this.id, output_index: index };
    this.#host.send("response.output_item.done", { ...fields, item });
  }

  #part(type: string, entry: Entry, index: number, fields: Record<string, unknown>): void {
    const where = { response_id: this.id, item_id: entry.id, output_index: index };
    this.#host.send(type, { ...where, content_index: 0, ...fields });
  }

  #end(status: Exclude<Status, "in_progress">, details?: Record<string, unknown>): void {
    const limits = { name: "tokens", limit: 250_000, remaining: 249_000, reset_seconds: 0.2 };
    this.#host.send("rate_limits.updated", { rate_limits: [limits] });
    const status_details = details ? { type: status, ...details } : null;
    const response = { ...this.#wire(status), status_details, usage: this.#usage() };
    this.#host.send("response.done", { response });
  }

  #wire(status: Status): Record<string, unknown> {
    const modalities = this.params.output_modalities ?? this.#host.output_modalities;
    return {
      object: "realtime.response",
      id: this.id,
      status,
      status_details: null,
      output: this.#output.map(wireItem),
      conversation_id: this.in_conversation ? "conv_lab" : null,
      output_modalities: modalities,
      max_output_tokens: this.params.max_output_tokens ?? "inf",
      metadata: this.params.metadata ?? null,
      usage: null,
    };
  }

  /** Twenty audio tokens a second made, ten a second heard, as the service counts. */
  #usage(): Record<string, unknown> {
    const heard_ms = this.#host.conversation.entries
      .filter(({ item }) => item.type === "message" && item.role === "user")
      .reduce((sum, { audio }) => sum + (audio?.length ?? 0) / 8, 0);
    const output_audio = Math.round(this.spoken_ms / 50);
    const output = { text_tokens: this.#text_tokens, audio_tokens: output_audio };
    const input_audio = Math.round(heard_ms / 100);
    const input = { text_tokens: 200, audio_tokens: input_audio, cached_tokens: 0 };
    return {
      total_tokens: 200 + input_audio + this.#text_tokens + output_audio,
      input_tokens: 200 + input_audio,
      output_tokens: this.#text_tokens + output_audio,
      input_token_details: input,
      output_token_details: output,
    };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
