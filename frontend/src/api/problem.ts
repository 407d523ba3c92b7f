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

/** Problems that have words of their own; the rest are told by their status. */
const WORDED = [
  "already_set_up",
  "busy",
  "contact_exists",
  "demo_unavailable",
  "email_taken",
  "gateway_disabled",
  "gateway_unreachable",
  "last_owner",
  "number_taken",
  "oneself",
  "reset_token",
  "setup_token",
  "slot_taken",
  "suspended",
  "wrong_credentials",
  "wrong_password",
];
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

/** Whether the server refused this field of the body, e.g. `owner.email`. */
export function isRefused(error: unknown, field: string): boolean {
  if (!(error instanceof ProblemError)) return false;
  const path = `body.${field}`;
  return error.errors.some((item) => item.path === path || item.path.startsWith(`${path}.`));
}
