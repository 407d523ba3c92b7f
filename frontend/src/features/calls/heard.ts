import type { Turn } from "../../api/types.ts";

/** Splits an utterance into what was heard on the line and what was cut off. */
export function splitHeard(turn: Turn): { heard: string; unheard: string } {
  if (turn.role === "caller" || turn.heard_text === null) return { heard: turn.text, unheard: "" };
  const heard = turn.heard_text.trim();
  if (!turn.text.startsWith(heard)) return { heard, unheard: turn.interrupted ? turn.text : "" };
  return { heard, unheard: turn.text.slice(heard.length).trim() };
}
