import { STATUS_CODES } from "node:http";
import type { Problem } from "@agentlocator/contract";

/** An error that the client is told about, as RFC 9457 problem details. */
export class ProblemError extends Error {
  override name = "ProblemError";
  readonly status: number;
  readonly id: string;

  /**
   * @param id stable name of the kind of problem; its `type` is `urn:agentlocator:<id>`
   * @param detail one sentence for a person; never a secret
   */
  constructor(status: number, id: string, detail: string) {
    super(detail);
    this.status = status;
    this.id = id;
  }

  body(request_id: string): Problem {
    const { status, id, message: detail } = this;
    const title = STATUS_CODES[status] ?? "Error";
    return { type: `urn:agentlocator:${id}`, title, status, detail, request_id };
  }
}

export const notConnected = () =>
  new ProblemError(409, "not_connected", "This business is not connected to WhatsApp.");

export const notOwned = () =>
  new ProblemError(409, "not_owned", "Another gateway has this business.");
