import type { Problem } from "./types.ts";

/** Why a request failed, as the server told it; `status` 0 when no answer came at all. */
export class ProblemError extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors: { path: string; message: string }[];
  readonly request_id: string;

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.title ?? `HTTP ${status}`);
    this.name = "ProblemError";
    this.status = status;
    this.code = (problem.type ?? "").split(/[/:]/).at(-1) ?? "";
    this.detail = problem.detail ?? "";
    this.errors = problem.errors ?? [];
    this.request_id = problem.request_id ?? "";
  }
}

const WORDED = ["invalid_credentials", "appointment_overlap", "slot_taken", "outside_hours"];
const BY_STATUS: Record<number, string> = {
  0: "problem.offline",
  400: "problem.invalid",
  401: "problem.signed_out",
  403: "problem.forbidden",
  404: "problem.not_found",
  409: "problem.conflict",
  413: "problem.too_large",
  429: "problem.too_many",
};

/** The i18n key that says in plain words what went wrong. */
export function problemKey(error: unknown): string {
  if (!(error instanceof ProblemError)) return "problem.unexpected";
  if (WORDED.includes(error.code)) return `problem.${error.code}`;
  return BY_STATUS[error.status] ?? "problem.unexpected";
}

/** The server's message about one field, for showing beside it. */
export function fieldError(error: unknown, path: string): string | undefined {
  if (!(error instanceof ProblemError)) return undefined;
  return error.errors.find((item) => item.path.replace(/^body\./, "") === path)?.message;
}
