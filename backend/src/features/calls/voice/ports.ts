/**
 * What the voice core needs from the rest of the product, and what it tells it.
 * The core itself has no database, no HTTP routes and no environment.
 *
 * Audio is always 8 kHz mono µ-law (one byte a sample, 8 bytes a millisecond) unless a name
 * says otherwise. Durations are milliseconds.
 */

/** A function the model may call; `parameters` is a JSON schema. */
export interface RealtimeTool {
  name: string;
  description: string;
  parameters: Record<string, unknown>;
}

export interface VadSettings {
  /** How far above the call's own noise floor a frame must be to count as speech, in dB. */
  threshold_db: number;
  /** After the agent starts to be heard, this long nothing interrupts it (250–400). */
  grace_ms: number;
  /** This much voiced speech confirms an interruption (100–160). */
  confirm_ms: number;
}

/** Everything a call needs to run, gathered when the webhook arrives. */
export interface CallBrief {
  call_sid: string;
  business_id: number;
  thread_id: number | null;
  /** BCP 47 or ISO 639-1; the primary subtag is pinned in the transcription (`he`). */
  language: string;
  instructions: string;
  voice: string;
  /** What is said first; empty means that the agent waits for the caller. */
  greeting: string;
  /** `play`: TwiML already played the greeting; the model is only told so. */
  greeting_mode: "realtime" | "play";
  /** The greeting, already rendered; null makes the model speak it, and it is recorded. */
  greeting_audio: Buffer | null;
  /** Names text + voice + model of the greeting; handed back with the recorded audio. */
  greeting_key: string;
  /** Short clips («רגע אחד…») played when an answer is late. May be empty. */
  fillers: readonly Buffer[];
  tools: readonly RealtimeTool[];
  vad: VadSettings;
  barge_in: boolean;
  /** What the agent knows of this caller from before; given to the model as a system item. */
  history?: string;
  /** The call is ended politely after this long; 30 minutes when absent. */
  max_call_ms?: number;
}

export interface Turn {
  /** Position in the call from 1. A turn may be sent again, with the same or a later seq. */
  seq: number;
  role: "caller" | "agent";
  text: string;
  /** Agent, when interrupted: the part that was played. Null: all of it was. */
  heard_text: string | null;
  interrupted: boolean;
  /** ISO 8601, UTC. */
  started_at: string;
}

export interface BargeInEntry {
  /** When the caller's first loud frame came, from the start of the stream. */
  at_ms: number;
  /** From that frame until nothing was played any more. */
  quiet_ms: number;
  /** From that frame until the interruption was confirmed. */
  confirmed_ms: number;
}

export interface Ledger {
  /** Stream start → first greeting frame sent; null without a greeting. */
  greeting_ms: number | null;
  /** Caller's last loud frame → first frame of the answer, one entry a turn. */
  answers_ms: number[];
  barge_ins: BargeInEntry[];
  /** How often the caller waited for the agent more than 3 s without hearing anything. */
  silences_over_3s: number;
  fallback_reason: string | null;
  end_reason: EndReason | null;
}

export type EndReason =
  | "caller_hung_up"
  | "agent_ended"
  | "transfer"
  | "no_input"
  | "call_cap"
  | "fallback"
  | "shutdown";

export type FailureKind =
  | "model_unreachable"
  | "model_refused"
  | "model_mute"
  | "model_stalled"
  | "model_closed"
  | "media_inactive"
  | "media_lost"
  | "backpressure"
  | "internal_error";

/**
 * Durable writes of one call, in order. No method may throw; each returns at once and retries
 * behind the scenes while the database is away. `ended` may return a promise: the stream is then
 * closed when it resolves (at most a second later), so that the TwiML that runs next already
 * knows how the call ended.
 */
export interface CallRecorder {
  /** The stream was admitted. */
  started(): void;
  /** Upsert by `seq`. */
  turn(turn: Turn): void;
  /** A snapshot after each change worth showing. */
  ledger(ledger: Ledger): void;
  /** The greeting as the model spoke it, to be given as `greeting_audio` next time. */
  greeting_recorded(audio: Buffer, key: string): void;
  /** Who is audible now; not worth storing. */
  speaking(who: "caller" | "agent" | null): void;
  /** The call could not be served; the record fallback follows. Called before `ended`. */
  failed(kind: FailureKind, detail: string): void;
  /** Called once, last. */
  ended(reason: EndReason, ledger: Ledger): void | Promise<void>;
}

export interface ToolCall {
  name: string;
  /** JSON text as the model wrote it; may be broken. */
  arguments: string;
  tool_call_id: string;
}

export interface ToolOutcome {
  /** Given to the model as JSON. */
  output: unknown;
  /** When set, the agent says exactly this. */
  say?: string;
  /** `end_call`: hang up after the goodbye was heard. `transfer`: close the stream likewise. */
  effect?: "end_call" | "transfer";
}

/** The tools of one call. */
export interface ToolRunner {
  /** Rejects or returns; the signal aborts at the deadline and when the call ends. */
  run(call: ToolCall, signal: AbortSignal): Promise<ToolOutcome>;
  /**
   * Each thing the caller said, before the model's answer is heard when possible.
   * @param began_at when the caller began to say it
   */
  callerSaid(text: string, began_at: Date): Promise<{ note?: string; say?: string } | null>;
}

export interface StreamStart {
  stream_sid: string;
  call_sid: string;
  account_sid: string;
  /** `<Parameter>`s of the TwiML: `call_sid`, `token`. */
  parameters: Readonly<Record<string, string>>;
}

/** One admitted call with the ports bound to it. */
export interface Admission {
  brief: CallBrief;
  recorder: CallRecorder;
  tools: ToolRunner;
}

/**
 * Checks the stream's token. Null refuses (close 1008). Synchronous when the brief is at hand.
 * @param close closes the stream with 1008 later on, should the token turn out to be used
 */
export type Admit = (
  start: StreamStart,
  close: (reason: string) => void,
) => Admission | null | Promise<Admission | null>;

export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Wall time. */
  wall(): Date;
  /** One-shot timer; the returned function cancels it. */
  after(ms: number, run: () => void): () => void;
}

/** The part of pino that is used. */
export interface VoiceLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What is read of a `ws` WebSocket; the core attaches its own listeners. */
export interface MediaSocket {
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  on(event: "message", listener: (data: unknown, isBinary: boolean) => void): unknown;
  on(event: "close", listener: (code: number) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}
