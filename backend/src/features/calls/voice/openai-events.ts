import type { RealtimeServerEvent } from "openai/resources/realtime/realtime";

export interface AudioDelta {
  response_id: string;
  item_id: string;
  content_index: number;
  /** base64 */
  delta: string;
}

/** What a message of the model is: its audio, another known-shaped event, or rubbish (null). */
export type ServerMessage = { audio: AudioDelta } | { event: RealtimeServerEvent } | null;

const audio_type = '"type":"response.output_audio.delta"';
/** The ids and the beginning of the audio are within this. */
const head_bytes = 768;
const quote = 0x22;
const closing_brace = 0x7d;

/**
 * Audio arrives often and is large, so its fields are cut out of the text; whatever has an
 * escape or an unexpected shape goes through JSON.parse. Never throws.
 */
export function parseServerMessage(data: Buffer): ServerMessage {
  return parseAudio(data) ?? parseEvent(data);
}

function parseAudio(data: Buffer): ServerMessage {
  if (data[data.length - 1] !== closing_brace) return null;
  const text = data.toString("latin1", 0, head_bytes);
  const at = text.indexOf('"delta":"');
  if (at < 0) return null;
  const head = text.slice(0, at);
  if (!head.includes(audio_type) || head.includes("\\")) return null;
  const response_id = field(head, '"response_id":"');
  const item_id = field(head, '"item_id":"');
  const to = data.indexOf(quote, at + 9);
  if (response_id === null || item_id === null || to < 0) return null;
  const index = /"content_index":(\d{1,4})/.exec(head);
  const delta = data.toString("latin1", at + 9, to);
  return { audio: { response_id, item_id, content_index: Number(index?.[1] ?? 0), delta } };
}

function field(text: string, key: string): string | null {
  const at = text.indexOf(key);
  if (at < 0) return null;
  const to = text.indexOf('"', at + key.length);
  return to < 0 ? null : text.slice(at + key.length, to);
}

function parseEvent(data: Buffer): ServerMessage {
  let event: unknown;
  try {
    event = JSON.parse(data.toString("utf8"));
  } catch {
    return null;
  }
  if (typeof event !== "object" || event === null) return null;
  if (typeof (event as { type?: unknown }).type !== "string") return null;
  return { event: event as RealtimeServerEvent };
}
