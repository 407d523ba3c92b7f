import { receptionist } from "../sim/openai/index.ts";
import type { Brain, BrainItem, BrainReply, BrainState } from "../sim/openai/index.ts";

/** The clerk's whole offer of a time; the receptionist's is a long sentence. */
export const offer = "מתאים?";
/** The clerk's news that an appointment is made. */
export const booked = "קבעתי לך תור.";

/** The receptionist in few words, and with `own` ideas where it has some. */
export const clerk =
  (own: (state: BrainState) => BrainReply | null = () => null): Brain =>
  async (state) => {
    const free = state.response_instructions === null;
    const reply = await ((free && own(state)) || receptionist(state));
    const brief = [offer, booked].find((words) => reply.say?.includes(words.slice(0, -1)));
    return brief ? { ...reply, say: brief } : reply;
  };

/** A brain's call of a tool. */
export const calls = (name: string, args: Record<string, unknown> = {}) => ({
  calls: [{ name, arguments: args }],
});

/** What the caller has just said; empty when the model is not to answer that. */
export function justHeard(state: BrainState): string {
  const last = lastItem(state);
  return last?.type === "message" && last.role === "user" ? last.text : "";
}

/** The tool that has just answered, and what; null when none has. */
export function justAnswered(
  state: BrainState,
): { name: string; output: Record<string, unknown> } | null {
  const last = lastItem(state);
  if (last?.type !== "function_call_output") return null;
  return { name: last.name, output: JSON.parse(last.output) as Record<string, unknown> };
}

function lastItem({ items }: BrainState): BrainItem | undefined {
  return items.findLast((item) => item.type !== "message" || item.role !== "system");
}
