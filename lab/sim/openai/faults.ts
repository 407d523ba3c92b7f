/** What can go wrong at the provider. Faults of a response strike `times` responses (default 1). */
export type Fault =
  /** The TCP connection is cut before the handshake is answered. */
  | { kind: "reset" }
  /** The handshake is refused, e.g. 401, 429, 503. */
  | { kind: "http"; status: number }
  /** The handshake is answered only after `ms`. */
  | { kind: "slow_handshake"; ms: number }
  /** The socket opens and nothing is ever said. */
  | { kind: "mute" }
  /** session.update is answered, but every audio stays PCM 24 kHz. */
  | { kind: "ignore_format" }
  /** A line that is not JSON, right after session.created. */
  | { kind: "malformed_json" }
  /** An error event after session.created; a fatal one also ends the session. */
  | { kind: "error_event"; code: string; fatal?: boolean }
  /** Asked for a response, it stays silent. */
  | { kind: "no_response"; times?: number }
  /** The response is text without audio. */
  | { kind: "text_only"; times?: number }
  /** The first audio comes `ms` after response.created. */
  | { kind: "slow_first_audio"; ms: number; times?: number }
  /** The words of the caller's turn come `ms` later than they would. */
  | { kind: "slow_transcript"; ms: number; times?: number }
  /** After `after_ms` of audio nothing more comes; the response never ends. */
  | { kind: "hang_mid_audio"; after_ms: number; times?: number }
  /** After `after_ms` of audio the socket closes. */
  | { kind: "close_mid_audio"; after_ms: number; code: number; times?: number }
  /** A cancelled response still sends this many deltas before it ends. */
  | { kind: "late_audio"; chunks: number; times?: number }
  /** response.done with status failed, before any audio. */
  | { kind: "response_failed"; code: string; times?: number };

export type FaultKind = Fault["kind"];
export type FaultOf<K extends FaultKind> = Extract<Fault, { kind: K }>;

/** The faults of one connection. */
export class FaultList {
  #faults: Fault[];
  #used = new Map<Fault, number>();

  constructor(faults: readonly Fault[]) {
    this.#faults = [...faults];
  }

  add(fault: Fault): void {
    this.#faults.push(fault);
  }

  /** The fault of this kind, if it still strikes; each call uses one of its `times`. */
  take<K extends FaultKind>(kind: K): FaultOf<K> | null {
    const found = this.#faults.find((fault): fault is FaultOf<K> => {
      const limit = of_connection.has(fault.kind) ? Infinity : timesOf(fault);
      return fault.kind === kind && (this.#used.get(fault) ?? 0) < limit;
    });
    if (found) this.#used.set(found, (this.#used.get(found) ?? 0) + 1);
    return found ?? null;
  }
}

const of_connection: ReadonlySet<FaultKind> = new Set([
  "reset",
  "http",
  "slow_handshake",
  "mute",
  "ignore_format",
  "malformed_json",
  "error_event",
]);

function timesOf(fault: Fault): number {
  return ("times" in fault ? fault.times : undefined) ?? 1;
}
