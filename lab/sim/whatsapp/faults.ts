/** What can go wrong with a connection, from the first packet on. */
export type ConnectionFault =
  /** The TCP connection is cut before the upgrade is answered. */
  | { kind: "reset" }
  /** The upgrade is refused, e.g. 403, 429, 503; `keep_open` leaves the TCP connection open. */
  | { kind: "http"; status: number; keep_open?: boolean }
  /** The TCP connection is accepted and nothing is ever said. */
  | { kind: "no_upgrade" }
  /** The upgrade is answered, the client's hello is not. */
  | { kind: "no_hello" }
  /** The server's certificate is signed by somebody else. */
  | { kind: "foreign_certificate" }
  | LoginFault;

/** What can go wrong once the server knows who is there. */
export type LoginFault =
  /** `<failure reason=…>` instead of an answer, for a pairing too. */
  | { kind: "failure"; reason: number }
  /** `<stream:error code=…>` instead of an answer, for a pairing too. */
  | { kind: "stream_error"; code: number }
  /** Logged in and pings are answered, but `<success>` never comes. */
  | { kind: "no_success" }
  /** `<success>` comes; the queries about keys and being active are never answered. */
  | { kind: "hanging_queries" }
  /** Everything is accepted, nothing is answered, not even pings. */
  | { kind: "mute" };

/** How a live connection breaks. */
export type Break =
  | { kind: "failure"; reason: number }
  | { kind: "stream_error"; code: number }
  /** Another client logged in with the same credentials. */
  | { kind: "replaced" }
  /** `<xmlstreamend>`, then a proper close. */
  | { kind: "stream_end" }
  | { kind: "drop" }
  /** The network swallows everything from now on. */
  | { kind: "half_open" }
  /** The server goes on reading and says nothing any more. */
  | { kind: "mute" };

/** What happens to the server's answer to a message. */
export type AckFault =
  /** Refused, e.g. 463 (restricted) or 479 (stale device); the customer does not get it. */
  | { kind: "error"; code: number }
  /** Taken and passed on, but the answer never comes. */
  | { kind: "withheld" }
  /** Neither taken nor answered. */
  | { kind: "lost" }
  | { kind: "slow"; ms: number };

/** Faults that strike once each, in order, and those that always strike. */
export class Faults<F extends { kind: string }> {
  #next: F[][] = [];
  #every: F[] = [];

  next(...faults: F[]): void {
    this.#next.push(faults);
  }

  every(...faults: F[]): void {
    this.#every = faults;
  }

  take(): F[] {
    return [...(this.#next.shift() ?? []), ...this.#every];
  }
}

type Of<F extends { kind: string }, K extends F["kind"]> = Extract<F, { kind: K }>;

export function faultOf<F extends { kind: string }, K extends F["kind"]>(
  faults: readonly F[],
  kind: K,
): Of<F, K> | undefined {
  return faults.find((fault): fault is Of<F, K> => fault.kind === kind);
}
