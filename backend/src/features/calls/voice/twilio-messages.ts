/**
 * Twilio Media Streams messages, read by hand: they arrive 50 times a second for each call.
 * https://www.twilio.com/docs/voice/media-streams/websocket-messages
 */

export type StreamMessage =
  | { event: "connected" }
  | {
      event: "start";
      stream_sid: string;
      call_sid: string;
      account_sid: string;
      parameters: Record<string, string>;
      /** `audio/x-mulaw` at 8000 with one channel. */
      format_ok: boolean;
    }
  /**
   * `payload` should be base64 µ-law, as bytes of the message; `timestamp` is ms since the stream
   * began, −1 when missing.
   */
  | { event: "media"; payload: Buffer; timestamp: number }
  | { event: "mark"; name: string }
  | { event: "dtmf"; digit: string }
  | { event: "stop" };

const media_prefix = '{"event":"media",';
/** Everything before the payload fits into this in Twilio's own messages. */
const head_bytes = 256;
/** Base64 of 20 ms. */
const usual_payload = 216;
const quote = 0x22;
const closing_brace = 0x7d;

/** Null for anything that is not a well-formed message of a known kind. Never throws. */
export function parseStreamMessage(data: Buffer): StreamMessage | null {
  return parseMedia(data) ?? parseAny(data);
}

/**
 * The common case without JSON.parse: Twilio's own field order, inbound track, nothing escaped.
 * Whatever looks different goes the long way.
 */
function parseMedia(data: Buffer): StreamMessage | null {
  const text = data.toString("latin1", 0, head_bytes);
  if (!text.startsWith(media_prefix) || data[data.length - 1] !== closing_brace) return null;
  const at = text.indexOf('"payload":"');
  if (at < 0) return null;
  const head = text.slice(0, at);
  if (!head.includes('"track":"inbound"') || head.includes("\\")) return null;
  const from = at + 11;
  let to = from + usual_payload;
  if (data[to] !== quote) to = data.indexOf(quote, from);
  if (to < 0) return null;
  const timestamp = toTimestamp(field(head, '"timestamp":"'));
  return { event: "media", payload: data.subarray(from, to), timestamp };
}

function field(text: string, key: string): string | null {
  const at = text.indexOf(key);
  if (at < 0) return null;
  const from = at + key.length;
  const to = text.indexOf('"', from);
  return to < 0 ? null : text.slice(from, to);
}

function toTimestamp(value: unknown): number {
  if (typeof value !== "string" && typeof value !== "number") return -1;
  const ms = Number(value);
  return value !== "" && Number.isSafeInteger(ms) && ms >= 0 ? ms : -1;
}

function parseAny(data: Buffer): StreamMessage | null {
  let message: unknown;
  try {
    message = JSON.parse(data.toString("utf8"));
  } catch {
    return null;
  }
  if (!isObject(message)) return null;
  switch (message["event"]) {
    case "connected":
      return { event: "connected" };
    case "stop":
      return { event: "stop" };
    case "start":
      return parseStart(message);
    case "media":
      return parseMediaObject(message["media"]);
    case "mark": {
      const name = isObject(message["mark"]) ? message["mark"]["name"] : null;
      return typeof name === "string" ? { event: "mark", name } : null;
    }
    case "dtmf": {
      const digit = isObject(message["dtmf"]) ? message["dtmf"]["digit"] : null;
      return typeof digit === "string" ? { event: "dtmf", digit } : null;
    }
    default:
      return null;
  }
}

function parseMediaObject(media: unknown): StreamMessage | null {
  if (!isObject(media) || typeof media["payload"] !== "string") return null;
  if (media["track"] !== undefined && media["track"] !== "inbound") return null;
  const timestamp = toTimestamp(media["timestamp"]);
  return { event: "media", payload: Buffer.from(media["payload"]), timestamp };
}

function parseStart(message: Record<string, unknown>): StreamMessage | null {
  const start = message["start"];
  if (!isObject(start)) return null;
  const stream_sid = message["streamSid"] ?? start["streamSid"];
  const call_sid = start["callSid"];
  const account_sid = start["accountSid"];
  if (typeof stream_sid !== "string" || stream_sid === "") return null;
  if (typeof call_sid !== "string" || call_sid === "") return null;
  const parameters: Record<string, string> = {};
  if (isObject(start["customParameters"])) {
    for (const [key, value] of Object.entries(start["customParameters"])) {
      if (typeof value === "string" && key !== "__proto__") parameters[key] = value;
    }
  }
  const format = isObject(start["mediaFormat"]) ? start["mediaFormat"] : {};
  return {
    event: "start",
    stream_sid,
    call_sid,
    account_sid: typeof account_sid === "string" ? account_sid : "",
    parameters,
    format_ok:
      (format["encoding"] ?? "audio/x-mulaw") === "audio/x-mulaw" &&
      Number(format["sampleRate"] ?? 8000) === 8000 &&
      Number(format["channels"] ?? 1) === 1,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
