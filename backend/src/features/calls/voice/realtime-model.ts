import type { CallBrief } from "./ports.ts";

/**
 * A speech model as a call sees it, whatever the provider. Audio is µ-law 8 kHz on this side;
 * an implementation converts when its provider wants something else.
 */
export interface RealtimeModel {
  /** Opens a session for this call. Never throws; what fails arrives as `closed`. */
  connect(brief: CallBrief): ModelConnection;
}

export type ItemRole = "system" | "user" | "assistant";

/** What the model is told in text. */
export interface TextItem {
  /** Chosen by us when the item may have to be taken back. */
  id?: string;
  role: ItemRole;
  text: string;
}

export interface ResponseOptions {
  /** Replace the session's instructions for this one response. */
  instructions?: string;
  /** `false`: the response may not call tools. */
  tools?: boolean;
}

export interface ModelConnection {
  /** `ready`: the session is configured and its audio formats are what was asked for. */
  readonly state: "connecting" | "ready" | "closed";
  /** Replaces the listener. What happened before is not told again, but for `ready`/`closed`. */
  listen(listener: ModelListener): void;
  /** Audio of the caller as the bytes of base64 µ-law; not kept. Dropped unless `ready`. */
  sendAudio(payload: Buffer): void;
  /** Ends the caller's turn by hand, when the model's own detection does not. */
  commitAudio(): void;
  createResponse(options: ResponseOptions): void;
  cancelResponse(response_id: string): void;
  /** Tells the model how much of an item's audio was heard. */
  truncate(item_id: string, content_index: number, heard_ms: number): void;
  addText(item: TextItem): void;
  addToolOutput(tool_call_id: string, output: string): void;
  deleteItem(item_id: string): void;
  /** Frees the socket at once, also while it is still connecting. No event follows. */
  close(): void;
}

export type CloseKind =
  /** No connection, or none in time. */
  | "unreachable"
  /** Refused for good: credentials, model name, audio format. */
  | "refused"
  /** The provider's session time is up. */
  | "expired"
  /** Lost or closed after it was ready. */
  | "lost";

/** What the model does. Item ids order the conversation; they are unique in a session. */
export interface ModelListener {
  ready(): void;
  closed(kind: CloseKind, detail: string): void;
  speechStarted(): void;
  speechStopped(): void;
  /** The caller's turn ended; its transcript follows under `item_id`. */
  committed(item_id: string, previous_item_id: string | null): void;
  /** Where an item stands in the conversation. */
  placed(item_id: string, previous_item_id: string | null): void;
  /** What the caller said in that turn, whole. */
  callerText(item_id: string, text: string): void;
  /** Nothing could be made of the caller's turn. */
  callerTextFailed(item_id: string): void;
  responseStarted(response_id: string): void;
  /** The agent begins a message. */
  agentItem(item_id: string, response_id: string): void;
  audio(chunk: AudioChunk): void;
  audioDone(item_id: string): void;
  /** A piece of what the agent says, or the whole when `final`. */
  agentText(item_id: string, text: string, final: boolean): void;
  toolCall(call: ModelToolCall): void;
  responseDone(response_id: string, status: ResponseStatus, detail: string): void;
  /** A request of ours did not fit the moment; nothing is lost. */
  benign(code: string): void;
  /** The model reports a fault; the session goes on, but what was asked last may not come. */
  fault(code: string, detail: string): void;
}

export type ResponseStatus = "completed" | "cancelled" | "failed" | "incomplete";

export interface AudioChunk {
  response_id: string;
  item_id: string;
  content_index: number;
  /** µ-law 8 kHz. */
  audio: Buffer;
}

export interface ModelToolCall {
  response_id: string;
  item_id: string;
  tool_call_id: string;
  name: string;
  arguments: string;
}
