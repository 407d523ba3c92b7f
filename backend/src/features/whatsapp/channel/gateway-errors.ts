/**
 * No answer, an answer that can't be understood, or the gateway's own failure (5xx): whether it did
 * what was asked is not known.
 */
export class GatewayUnreachable extends Error {
  override name = "GatewayUnreachable";
  /** There was no connection at all, so it did not do what was asked. */
  readonly never_asked: boolean;

  constructor(message: string, never_asked = false) {
    super(message);
    this.never_asked = never_asked;
  }
}

/** The gateway understood and said no (4xx); it did not do what was asked. */
export class GatewayRefused extends Error {
  override name = "GatewayRefused";
  readonly status: number;
  /** The problem's stable name, e.g. `not_connected`; `unknown` when it gave none. */
  readonly id: string;

  /** @param detail the problem's sentence for a person */
  constructor(status: number, id: string, detail: string) {
    super(detail);
    this.status = status;
    this.id = id;
  }
}
