import { within } from "../../platform/deadline.ts";
import { callerSaid, type Remark } from "./caller-said.ts";
import type { CustomerTurn } from "./pending-slot.ts";
import { runTool } from "./run-tool.ts";
import type { ToolCall } from "./tool-calls.ts";
import type { ToolContext, ToolOutcome } from "./tool.ts";

/** The model may ask to confirm before the words that it heard have been written down. */
const TRANSCRIPT_WAIT_MS = 1500;

/** The tools of one call. Neither function throws once the call has its conversation. */
export interface CallTools {
  run(call: ToolCall, signal?: AbortSignal): Promise<ToolOutcome>;
  /**
   * What the caller said, each turn once and in order. `began_at` is when they began to speak: a
   * turn that began before a time was proposed is no answer to it, however late its words come.
   */
  callerSaid(text: string, began_at: Date): Promise<Remark | null>;
}

/** @param call.thread_id may be known only once the database has taken the call */
export function createCallTools(
  deps: Pick<ToolContext, "db" | "log" | "clock">,
  call: { business_id: number; call_sid: string; thread_id: number | Promise<number> },
): CallTools {
  const { business_id, call_sid } = call;
  let last_turn: CustomerTurn | null = null;
  let proposed_at = -Infinity;
  let heard = Promise.withResolvers<void>();

  async function context(signal?: AbortSignal): Promise<ToolContext> {
    const thread_id = await call.thread_id;
    const conversation = { business_id, thread_id, call_sid, channel: "call" as const };
    return { ...deps, ...conversation, last_turn, signal };
  }

  async function untilAnswered(): Promise<void> {
    if (last_turn && last_turn.began_at.getTime() > proposed_at) return;
    await within(TRANSCRIPT_WAIT_MS, heard.promise).catch(() => undefined);
  }

  return {
    async run(asked, signal) {
      if (asked.name === "confirm_appointment") await untilAnswered();
      const outcome = await runTool(await context(signal), asked);
      const proposes = asked.name === "propose_slot" || asked.name === "move_appointment";
      if (proposes) proposed_at = deps.clock.now();
      return outcome;
    },

    async callerSaid(text, began_at) {
      const turn = { text, began_at };
      last_turn = turn;
      const remark = await callerSaid(await context(), turn);
      // Only now: a confirmation by the model finds what these words have done already.
      heard.resolve();
      heard = Promise.withResolvers();
      return remark;
    },
  };
}
