import { randomUUID } from "node:crypto";
import type { ModelSession } from "./model-session.ts";
import type { Answer } from "./sounds.ts";
import { frame_bytes, frame_ms, tagFrames } from "./tags.ts";

const think_ms = [150, 300] as const;
/** Audio in one delta: 200 to 400 ms. */
const delta_frames = [10, 20] as const;
/** How much faster than real time the model makes audio. */
const speed = 5;

/** One spoken answer, streamed event by event as the service does. */
export class ModelResponse {
  private readonly id = `resp_${randomUUID()}`;
  private readonly item_id = `item_${randomUUID()}`;
  private readonly number: number;
  private readonly audio: Buffer;
  private readonly answer: Answer;
  private readonly session: ModelSession;
  private sent_frames = 0;
  private timer: NodeJS.Timeout;

  constructor(session: ModelSession, answer: Answer) {
    this.session = session;
    this.answer = answer;
    this.number = session.deps.traces.responseNumber();
    this.audio = tagFrames(answer.audio, this.number);
    session.send("response.created", { response: this.wire("in_progress") });
    this.timer = setTimeout(() => this.begin(), this.draw(think_ms));
  }

  cancel(): void {
    clearTimeout(this.timer);
    this.end("cancelled", { type: "cancelled", reason: "client_cancelled" });
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private begin(): void {
    const { session } = this;
    const item = this.item("in_progress");
    session.send("response.output_item.added", { ...this.where(), item });
    session.added(item);
    const part = { type: "audio", transcript: "" };
    session.send("response.content_part.added", { ...this.where(), content_index: 0, part });
    this.delta();
  }

  private delta(): void {
    const { session, audio, answer } = this;
    const total = audio.length / frame_bytes;
    const from = this.sent_frames;
    const frames = Math.min(total - from, Math.round(this.draw(delta_frames)));
    this.sent_frames += frames;
    const text = answer.text.slice(at(answer, from / total), at(answer, this.sent_frames / total));
    const where = { ...this.where(), content_index: 0 };
    session.send("response.output_audio_transcript.delta", { ...where, delta: text });
    const sound = audio.toString("base64", from * frame_bytes, this.sent_frames * frame_bytes);
    const { trace } = session;
    if (trace) session.deps.traces.delta(this.number, trace, frames, performance.now());
    session.send("response.output_audio.delta", { ...where, delta: sound });
    const over = this.sent_frames >= total;
    const wait_ms = (frames * frame_ms) / speed;
    this.timer = setTimeout(() => (over ? this.complete() : this.delta()), wait_ms);
  }

  private complete(): void {
    const { session, answer } = this;
    const where = { ...this.where(), content_index: 0 };
    const { text: transcript } = answer;
    session.send("response.output_audio.done", where);
    session.send("response.output_audio_transcript.done", { ...where, transcript });
    session.send("response.content_part.done", { ...where, part: { type: "audio", transcript } });
    session.send("conversation.item.done", { item: this.item("completed") });
    this.end("completed", null);
  }

  private end(status: string, details: object | null): void {
    const { session } = this;
    session.over(this);
    const item = this.item(status === "completed" ? "completed" : "incomplete");
    if (this.sent_frames > 0) session.send("response.output_item.done", { ...this.where(), item });
    const limit = { name: "tokens", limit: 250_000, remaining: 249_000, reset_seconds: 0.2 };
    session.send("rate_limits.updated", { rate_limits: [limit] });
    const output = this.sent_frames > 0 ? [item] : [];
    const response = { ...this.wire(status), output, status_details: details };
    session.send("response.done", { response });
  }

  private where() {
    return { response_id: this.id, item_id: this.item_id, output_index: 0 };
  }

  private item(status: string) {
    const { text } = this.answer;
    const content = status === "completed" ? [{ type: "output_audio", transcript: text }] : [];
    return { id: this.item_id, type: "message", role: "assistant", status, content };
  }

  private wire(status: string) {
    const usage = { total_tokens: 400, input_tokens: 300, output_tokens: 100 };
    const audio = { object: "realtime.response", output_modalities: ["audio"] };
    return { ...audio, id: this.id, status, status_details: null, output: [], usage };
  }

  private draw([low, high]: readonly [number, number]): number {
    return low + (high - low) * this.session.deps.random();
  }
}

function at({ text }: Answer, share: number): number {
  return Math.ceil(share * text.length);
}
