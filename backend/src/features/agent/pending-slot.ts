import { DateTime } from "luxon";
import { z } from "zod";
import { readAnswer, type Answer } from "./confirmation.ts";

const Instant = z.iso.datetime({ offset: true });

/** A day and an exact time, offered to the customer and waiting for a yes. */
const CompleteSlot = z.object({
  starts_at: Instant,
  ends_at: Instant,
  proposed_at: Instant,
  expires_at: Instant,
  /** What it is for, in the customer's words. */
  title: z.string(),
  customer_name: z.string(),
  /** The appointment that would be moved there; null: a new one. */
  appointment_id: z.number().int().nullable(),
  /** The customer has spoken since, of something else: a bare «yes» may mean that instead. */
  spoken_since: z.boolean(),
});
export type CompleteSlot = z.infer<typeof CompleteSlot>;

/** Only the day is agreed; nothing can be booked until there is a time. */
const IncompleteSlot = z.object({
  /** `YYYY-MM-DD` */
  date: z.iso.date(),
  starts_at: z.null(),
  proposed_at: Instant,
  expires_at: Instant,
});
export type IncompleteSlot = z.infer<typeof IncompleteSlot>;

/** What stands in `threads.pending_slot`. */
export type PendingSlot = CompleteSlot | IncompleteSlot;

export type PendingState =
  | { kind: "none" }
  | { kind: "complete"; slot: CompleteSlot }
  | { kind: "incomplete"; slot: IncompleteSlot }
  /** Too old, or its time has come. */
  | { kind: "stale" }
  /** Not readable. */
  | { kind: "broken" };

/** Reads the stored value as it stands at `now`. */
export function readPending(stored: unknown, now: Date): PendingState {
  if (stored === null || stored === undefined) return { kind: "none" };
  const complete = CompleteSlot.safeParse(stored);
  if (complete.success) {
    const slot = complete.data;
    const late = passed(slot.expires_at, now) || passed(slot.starts_at, now);
    return late ? { kind: "stale" } : { kind: "complete", slot };
  }
  const incomplete = IncompleteSlot.safeParse(stored);
  if (!incomplete.success) return { kind: "broken" };
  if (passed(incomplete.data.expires_at, now)) return { kind: "stale" };
  return { kind: "incomplete", slot: incomplete.data };
}

/**
 * What a customer's words do to the pending slot:
 * - `book`: it is confirmed
 * - `ask_time`: a confirmation without an exact time to confirm
 * - `ask_again`: a confirmation of a slot that is stale or broken; it is cleared
 * - `expired`: they speak of something else while it is stale or broken; it is cleared
 * - `drop`: they refuse it or want another time; it is cleared
 * - `spoken`: they speak of something else; only a clear confirmation counts from now on
 * - `nothing`
 */
export type PendingStep =
  | { do: "book"; slot: CompleteSlot }
  | { do: "ask_time" | "ask_again" | "expired" | "spoken" | "nothing" }
  | { do: "drop"; because: "reject" | "other_time" };

/** When the customer's turn began, what they said, and the business's zone and time. */
export interface CustomerTurn {
  text: string;
  began_at: Date;
}

/** The rules for what is done without asking the model: only a clear confirmation books. */
export function afterCustomerTurn(
  state: PendingState,
  turn: CustomerTurn,
  now: DateTime,
): PendingStep {
  const answer = answerTo(state, turn.text, now);
  const confirms = answer.kind === "confirm";
  if (state.kind === "none") {
    // A bare «yes» answers some other question; «I confirm» means an appointment.
    return { do: confirms && answer.explicit ? "ask_time" : "nothing" };
  }
  if (state.kind === "stale" || state.kind === "broken") {
    return { do: confirms ? "ask_again" : "expired" };
  }
  // What they said before, or while, it was proposed is no answer to it.
  if (!isAnswer(state.slot, turn)) return { do: "nothing" };
  if (answer.kind === "reject") return { do: "drop", because: "reject" };
  if (state.kind === "incomplete") return { do: confirms ? "ask_time" : "nothing" };
  if (answer.kind === "other_time") return { do: "drop", because: "other_time" };
  if (confirms && (answer.explicit || !state.slot.spoken_since)) {
    return { do: "book", slot: state.slot };
  }
  const said = turn.text.trim() !== "" && !state.slot.spoken_since;
  return { do: said ? "spoken" : "nothing" };
}

/** Why the model may not confirm now, or that it may. */
export type ConfirmVerdict =
  | { may: true; slot: CompleteSlot }
  | { may: false; because: "no_time" | "stale" | "broken" | "not_answered" | Answer["kind"] };

/**
 * The rules for a confirmation by the model: there is a complete slot, the customer has spoken
 * since it was proposed, and their words are a yes and not against it.
 */
export function mayConfirm(
  state: PendingState,
  turn: CustomerTurn | null,
  now: DateTime,
): ConfirmVerdict {
  if (state.kind === "none" || state.kind === "incomplete")
    return { may: false, because: "no_time" };
  if (state.kind !== "complete") return { may: false, because: state.kind };
  if (!turn || !isAnswer(state.slot, turn)) return { may: false, because: "not_answered" };
  const { kind } = answerTo(state, turn.text, now);
  const yes = kind === "confirm" || kind === "likely";
  return yes ? { may: true, slot: state.slot } : { may: false, because: kind };
}

function answerTo(state: PendingState, text: string, now: DateTime): Answer {
  const proposed = state.kind === "complete" ? inZoneOf(now, state.slot.starts_at) : null;
  return readAnswer(text, proposed, now);
}

const inZoneOf = (now: DateTime, instant: string) => DateTime.fromISO(instant, { zone: now.zone });

const isAnswer = (slot: PendingSlot, turn: CustomerTurn) =>
  turn.began_at.getTime() > Date.parse(slot.proposed_at);

const passed = (instant: string, now: Date) => Date.parse(instant) <= now.getTime();
