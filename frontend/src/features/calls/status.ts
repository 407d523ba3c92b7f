import type { CallStatus } from "../../api/types.ts";

export const STATUS_TONE: Record<CallStatus, "success" | "error" | "warning" | "info" | "neutral"> =
  {
    ringing: "info",
    active: "success",
    completed: "neutral",
    fallback: "warning",
    failed: "error",
  };

const KNOWN_REASONS = [
  "agent_off",
  "backpressure",
  "internal_error",
  "media_inactive",
  "model_closed",
  "model_disabled",
  "model_mute",
  "model_refused",
  "model_stalled",
  "model_unreachable",
  "process_died",
  "stream_lost",
  "stream_never_started",
  "too_many_calls",
  "transfer_unanswered",
  "unreachable",
];

/** i18n key that says in plain words why the agent could not serve the call. */
export function fallbackKey(reason: string): string {
  return KNOWN_REASONS.includes(reason) ? `fallback.${reason}` : "fallback.other";
}

const KNOWN_ENDS = [
  "agent_ended",
  "call_cap",
  "caller_hung_up",
  "fallback",
  "no_input",
  "shutdown",
  "transfer",
];

/** i18n key that says how the call ended. */
export function endReasonKey(reason: string): string {
  return KNOWN_ENDS.includes(reason) ? `end_reason.${reason}` : "end_reason.other";
}
