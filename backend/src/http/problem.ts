import { STATUS_CODES } from "node:http";
import type { Problem } from "@agentlocator/contract";
import type { ZodError } from "zod";

/** An error that the client is told about, as RFC 9457 problem details. */
export class ProblemError extends Error {
  override name = "ProblemError";
  readonly status: number;
  readonly id: string;
  readonly errors: { path: string; message: string }[] | undefined;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    id: string,
    detail: string,
    more: { errors?: { path: string; message: string }[]; headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.status = status;
    this.id = id;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
  }
}

/**
 * Makes the error to throw.
 * @param id stable name of the kind of problem, e.g. `slot_taken`; its `type` is `urn:agentlocator:slot_taken`
 * @param detail one sentence for a person; never a secret
 */
export function problem(
  status: number,
  id: string,
  detail: string,
  more?: ConstructorParameters<typeof ProblemError>[3],
): ProblemError {
  return new ProblemError(status, id, detail, more);
}

/** The answer for a thing that is not there, or not this business's. */
export const notFound = (what = "This address") =>
  problem(404, "not_found", `${what} does not exist.`);

/** An unknown field's name, which is told back, may be as long as the whole body. */
const cut = (text: string) => (text.length > 300 ? `${text.slice(0, 300)}…` : text);

/** What is wrong with an input, by path. */
export function invalidInput(error: ZodError, where: string): ProblemError {
  const errors = error.issues.slice(0, 20).map((issue) => ({
    path: cut([where, ...issue.path].join(".")),
    message: cut(issue.message),
  }));
  return problem(400, "invalid_input", "The request does not fit this address.", { errors });
}

/** The body of the answer. An error that is not a `ProblemError` says nothing of its inside. */
export function problemBody(error: unknown, request_id: string): { status: number; body: Problem } {
  const known = error instanceof ProblemError ? error : undefined;
  const status = known?.status ?? 500;
  return {
    status,
    body: {
      type: `urn:agentlocator:${known?.id ?? "internal"}`,
      title: STATUS_CODES[status] ?? "Error",
      status,
      detail: known?.message ?? "Something went wrong on our side; the request can be tried again.",
      ...(known?.errors && { errors: known.errors }),
      request_id,
    },
  };
}
