import type { Thread } from "../../api/types.ts";

/** A pause that ends when somebody gives the thread back, as the contract has it; a test compares. */
export const PAUSED_UNTIL_RESUMED = "2199-12-31T00:00:00.000Z";

/** Until when a person has the thread; null while the agent answers in it. */
export function pausedUntil({ ai_paused_until: until }: Thread, now: number): string | null {
  return until !== null && Date.parse(until) > now ? until : null;
}

/** Whether it lasts until somebody gives the thread back: by that time nobody waits any more. */
export const isOpenEnded = (until: string) => Date.parse(until) >= Date.parse("2190-01-01");
