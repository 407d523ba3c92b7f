import type { GatewayReason, GatewayState } from "@agentlocator/contract";
import type { Close } from "./close.ts";

/** Milliseconds before the first, second, third and every later reconnect. */
export const BACKOFF_MS = [5_000, 15_000, 30_000, 60_000] as const;
/** The same for an account that WhatsApp keeps turning away. */
export const QUARANTINE_MS = [10, 20, 40, 60].map((minutes) => minutes * 60_000);
/** Refusals in a row after which the pairing itself is in doubt. */
export const STRIKES = 10;
const OUTDATED_TWICE = 2;

export interface Condition {
  readonly state: GatewayState;
  readonly reason: GatewayReason | null;
  /** Reconnects that failed in a row. */
  readonly attempt: number;
  /** Times in a row that WhatsApp turned the account away with an error of its own. */
  readonly strikes: number;
  /** Times in a row that WhatsApp called the client outdated. */
  readonly outdated: number;
  /** The present connection is a reconnect that has not proved itself by standing for a while. */
  readonly on_trial: boolean;
  /** WhatsApp asked for the restart that led to the present connection. */
  readonly restarted: boolean;
  /** Milliseconds from the close to the next reconnect; null: none will be made. */
  readonly retry_ms: number | null;
  readonly qr: string | null;
  readonly detail: string | null;
}

export type SessionEvent =
  /** A person, or the process at its start, wants it connected. */
  | { readonly type: "start" }
  | { readonly type: "retry_due" }
  | { readonly type: "qr"; readonly qr: string }
  | { readonly type: "pairing_code" }
  | { readonly type: "passkey" }
  | { readonly type: "open" }
  /** Open for minutes. */
  | { readonly type: "stable" }
  | {
      readonly type: "closed";
      readonly close: Close;
      readonly paired: boolean;
      /** 0 to 0.2 when many connections went at once, so that they don't return at once. */
      readonly jitter: number;
    }
  /** A person disconnected it. */
  | { readonly type: "removed" }
  /** The stored pairing can't be used. */
  | { readonly type: "unusable"; readonly detail: string };

/**
 * `connect` opens a socket, `hang_up` ends the present one, `erase` removes the pairing. The
 * retry timer follows `retry_ms`.
 */
export type Effect = "connect" | "hang_up" | "erase";

export interface Step {
  readonly next: Condition;
  readonly effects: readonly Effect[];
}

export const AT_REST: Condition = {
  state: "close",
  reason: null,
  attempt: 0,
  strikes: 0,
  outdated: 0,
  on_trial: false,
  restarted: false,
  retry_ms: null,
  qr: null,
  detail: null,
};

/** The whole life of a session. Pure: no timer, no socket, no clock. */
export function step(now: Condition, event: SessionEvent): Step {
  const stay = { next: now, effects: [] };
  switch (event.type) {
    case "start":
      if (now.state === "connecting" || now.state === "open") return stay;
      return now.retry_ms === null || now.reason === "quarantined"
        ? connecting(AT_REST, false)
        : connecting(now, true);
    case "retry_due":
      return now.retry_ms === null ? stay : connecting(now, true);
    case "qr":
      if (now.state !== "connecting") return stay;
      return to({ ...now, reason: now.reason ?? "qr", qr: event.qr, detail: null });
    case "pairing_code":
      return now.state === "connecting" ? to({ ...now, reason: "pairing_code" }) : stay;
    case "passkey":
      return stopped("close", "passkey_required", "WhatsApp asks for a passkey.", ["hang_up"]);
    case "open":
      return to({ ...now, state: "open", reason: null, restarted: false, qr: null, detail: null });
    case "stable":
      if (now.state !== "open") return stay;
      return to({ ...now, attempt: 0, strikes: 0, outdated: 0, on_trial: false });
    case "closed":
      return closed(now, event);
    case "removed":
      return stopped("logout", null, null, ["hang_up", "erase"]);
    case "unusable":
      return stopped("close", "quarantined", event.detail, ["hang_up"]);
  }
}

const to = (next: Condition): Step => ({ next, effects: [] });

function connecting(from: Condition, on_trial: boolean, restarted = false): Step {
  const next = { ...from, state: "connecting", reason: null, retry_ms: null, qr: null } as const;
  return { next: { ...next, on_trial, restarted }, effects: ["connect"] };
}

/** Nothing brings it back but a person. */
function stopped(
  state: "close" | "logout",
  reason: GatewayReason | null,
  detail: string | null,
  effects: Effect[],
): Step {
  return { next: { ...AT_REST, state, reason, detail }, effects };
}

function closed(now: Condition, event: SessionEvent & { type: "closed" }): Step {
  const { close, paired } = event;
  switch (close.slug) {
    case "restart_required":
      // Twice in a row it is not the one that ends a pairing.
      return now.restarted ? waiting(now, event) : connecting(now, now.on_trial, true);
    case "logged_out":
      // Before the pairing is complete it means that nobody completed it in time.
      if (!paired) return stopped("close", "qr_expired", close.detail, []);
      return stopped("logout", "logged_out", close.detail, ["erase"]);
    case "qr_expired":
      return stopped("close", "qr_expired", close.detail, []);
    case "replaced":
    case "forbidden":
      return stopped("close", close.slug, close.detail, []);
    case "outdated":
      if (now.outdated + 1 < OUTDATED_TWICE) return waiting(now, event);
      return stopped("close", "outdated", close.detail, []);
    default:
      return waiting(now, event);
  }
}

function waiting(now: Condition, event: SessionEvent & { type: "closed" }): Step {
  const { close, jitter } = event;
  const attempt = now.on_trial ? now.attempt + 1 : 0;
  const strikes = close.slug === "unavailable" ? now.strikes + 1 : now.strikes;
  const beyond = strikes - STRIKES;
  const delay = beyond < 0 ? nth(BACKOFF_MS, attempt) : nth(QUARANTINE_MS, beyond);
  const next: Condition = {
    state: "close",
    reason: beyond >= 0 ? "quarantined" : close.slug === "deaf" ? "deaf" : null,
    attempt,
    strikes,
    outdated: close.slug === "outdated" ? now.outdated + 1 : 0,
    on_trial: false,
    restarted: false,
    retry_ms: Math.round(delay * (1 + jitter)),
    qr: null,
    detail: close.detail,
  };
  return to(next);
}

const nth = (delays: readonly number[], index: number) =>
  delays[Math.min(index, delays.length - 1)]!;
