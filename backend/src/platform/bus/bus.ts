/** What JSON can carry; a message crosses processes, so nothing else may be in it. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

export type BusHandler = (message: JsonValue) => void;

/**
 * Fan-out between processes. What it carries may be lost: the truth is in PostgreSQL, and whoever
 * listens must be able to catch up from there.
 */
export interface Bus {
  /** Never throws and never rejects; what could not be sent is logged. */
  publish(topic: string, message: JsonValue): Promise<void>;
  /** Takes effect at once. The answer unsubscribes; calling it twice is harmless. */
  subscribe(topic: string, handler: BusHandler): () => void;
  /** Calls `handler` after an interruption in which messages may have been missed. */
  onResume(handler: () => void): () => void;
  /** `ok` when a message published now would reach the other processes. */
  state(): "ok" | "down";
  /** Idempotent. Publishing afterwards does nothing. */
  close(): Promise<void>;
}
