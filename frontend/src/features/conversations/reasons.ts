import type { Refusal } from "./attempt.ts";

const ROUTE_REASONS = [
  "asked",
  "customer_wrote_here",
  "failover_gateway_down",
  "priority",
  "setting",
  "template",
  "waiting_for_gateway",
  "window_closed_template",
];

/** i18n key that says why a message went the way it did; '' when it is told in its own words. */
export function reasonKey(reason: string): string {
  return ROUTE_REASONS.includes(reason) ? `route_reason.${reason}` : "";
}

const REFUSALS = [
  "being_sent",
  "discarded",
  "gave_up",
  "no_provider",
  "not_connected",
  "not_undecided",
  "opted_out",
  "stranger",
  "template_needs_twilio",
  "template_not_approved",
  "too_long",
  "twilio_disabled",
  "window_closed",
];

/** i18n key that says why a message was not delivered; '' when it is told in its own words. */
export function errorKey(error: string): string {
  const code = /^\w+/.exec(error)?.[0] ?? "";
  return REFUSALS.includes(code) ? `refusal.${code}` : "";
}

/** i18n key that says why the server did not take a message. */
export function refusalKey({ status, code }: Pick<Refusal, "status" | "code">): string {
  if (REFUSALS.includes(code)) return `refusal.${code}`;
  return status === 0 ? "refusal.offline" : "refusal.other";
}
