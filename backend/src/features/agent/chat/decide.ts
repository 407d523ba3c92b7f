import type { QuietHours } from "@agentlocator/contract";
import type { DateTime } from "luxon";
import { optWord } from "./opt-out-words.ts";
import { quietUntil } from "./quiet-hours.ts";

/** A customer who writes several messages is answered once, after the last of them. */
const BURST_MS = 1000;
/** Media that is not here by then is answered without. */
const MEDIA_WAIT_MS = 60_000;
/** WhatsApp lets a business answer freely for a day. */
const TOO_OLD_MS = 23 * 3_600_000;

/** What is known of a thread at the moment at which the agent looks at it. */
export interface Facts {
  /** In the business's zone. */
  now: DateTime;
  enabled: boolean;
  closed: boolean;
  paused_until: Date | null;
  /** The answer that is being made has itself handed the thread to a person. */
  handed_over: boolean;
  opted_out: boolean;
  quiet_hours: QuietHours | null;
  /** In the customer's order. */
  unanswered: { text: string | null; created_at: Date; media_pending_since: Date | null }[];
}

/**
 * What is to be done about the unanswered messages:
 * - `leave`: they need no answer of the agent's
 * - `wait`: look again then
 * - `opt_out`, `opt_in`: the customer asks to be left alone, or to be answered again
 */
export type Step =
  | { do: "nothing" | "answer" | "opt_out" | "opt_in" }
  | { do: "leave"; because: "closed" | "disabled" | "opted_out" | "too_old" }
  | { do: "wait"; because: "paused" | "burst" | "quiet_hours" | "media"; until: Date };

/**
 * Whether the agent may have to do something about a message at all. What it need not look at is
 * dealt with as it is stored, as `decide` would when the agent is turned off.
 */
export const agentMustLook = (message: { enabled: boolean; text: string | null }): boolean =>
  message.enabled || optWord(message.text) !== null;

export function decide(facts: Facts): Step {
  const { now, unanswered, paused_until } = facts;
  const last = unanswered.at(-1);
  if (!last) return { do: "nothing" };
  // To be left alone is granted at any hour, and whoever else is at the thread.
  const word = unanswered.map(({ text }) => optWord(text)).findLast((meaning) => meaning !== null);
  if (word === "out") return { do: "opt_out" };
  if (facts.closed) return { do: "leave", because: "closed" };
  if (!facts.enabled) return { do: "leave", because: "disabled" };
  if (paused_until && paused_until > now.toJSDate() && !facts.handed_over) {
    return { do: "wait", because: "paused", until: paused_until };
  }
  if (word === "in" && facts.opted_out) return { do: "opt_in" };
  if (facts.opted_out) return { do: "leave", because: "opted_out" };
  const age = now.toMillis() - last.created_at.getTime();
  if (age > TOO_OLD_MS) return { do: "leave", because: "too_old" };
  // A provider's clock may be ahead; such a message's age says nothing.
  if (age >= 0 && age < BURST_MS) {
    return { do: "wait", because: "burst", until: new Date(now.toMillis() + BURST_MS - age) };
  }
  const quiet = quietUntil(facts.quiet_hours, now);
  if (quiet) return { do: "wait", because: "quiet_hours", until: quiet };
  const pending = unanswered
    .map(({ media_pending_since: since }) => (since ? since.getTime() + MEDIA_WAIT_MS : 0))
    .filter((until) => until > now.toMillis());
  if (pending.length === 0) return { do: "answer" };
  return { do: "wait", because: "media", until: new Date(Math.min(...pending)) };
}
