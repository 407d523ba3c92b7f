import { receptionist, type Brain, type BrainState } from "../../sim/openai/index.ts";

/** What a caller was told is booked: the tool call and what it answered. */
export interface Confirmed {
  readonly call_id: string;
  readonly output: Record<string, unknown>;
}

const NUMBERED = /הודעה (\d+)/g;

/**
 * The usual receptionist, who answers customers' numbered messages by their numbers, so that each
 * answer tells which messages it is for, and who notes in `confirmed` what was booked.
 */
export function receiptBrain(confirmed: Confirmed[]): Brain {
  const known = new Set<string>();
  return (state) => {
    for (const item of state.items) {
      if (item.type !== "function_call_output" || item.name !== "confirm_appointment") continue;
      if (known.has(item.call_id)) continue;
      known.add(item.call_id);
      confirmed.push({ call_id: item.call_id, output: JSON.parse(item.output) as object as never });
    }
    const numbers = unanswered(state);
    return numbers.length > 0 ? { say: `קיבלתי: ${numbers.join(", ")}.` } : receptionist(state);
  };
}

/** The numbers of the customer's messages since the agent last wrote. */
function unanswered({ items }: BrainState): string[] {
  const from = items.findLastIndex((item) => item.type === "message" && item.role === "assistant");
  return items
    .slice(from + 1)
    .flatMap((item) => (item.type === "message" && item.role === "user" ? item.text : []))
    .flatMap((text) => [...text.matchAll(NUMBERED)].map(([, n]) => n!));
}
