import { DateTime } from "luxon";
import { within } from "../../platform/deadline.ts";
import { callerSaid, type Remark } from "./caller-said.ts";
import { readAnswer } from "./confirmation.ts";
import { afterCustomerTurn, type CustomerTurn } from "./pending-slot.ts";
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
  /** Confirmations by the model that are being looked at. */
  let confirming = 0;
  /** What the agent has to say to the words at hand; left to the confirmation that goes on. */
  let left_to_say: string | null = null;
  /** When a tool last made the agent say something in set words. */
  let tool_said_at = -Infinity;
  /** Counts the beginnings and ends of tools, which alone put something on the table in a call. */
  let tool_steps = 0;
  /** As many as there were when the table was last seen to be empty. */
  let empty_at = -1;

  async function context(signal?: AbortSignal): Promise<ToolContext> {
    const thread_id = await call.thread_id;
    const conversation = { business_id, thread_id, call_sid, channel: "call" as const };
    return { ...deps, ...conversation, last_turn, signal };
  }

  /** Words since the proposal that say something about it; others may be from before the yes. */
  function hasAnswer(): boolean {
    if (!last_turn || last_turn.began_at.getTime() <= proposed_at) return false;
    const { kind } = readAnswer(last_turn.text, null, DateTime.fromMillis(deps.clock.now()));
    return kind !== "unclear" && kind !== "not_yet";
  }

  async function confirm(asked: ToolCall, signal?: AbortSignal): Promise<ToolOutcome> {
    confirming += 1;
    try {
      if (!hasAnswer()) {
        await within(TRANSCRIPT_WAIT_MS, heard.promise).catch(() => undefined);
      }
      const outcome = await runTool(await context(signal), asked);
      if (left_to_say === null) return outcome;
      const say = left_to_say;
      left_to_say = null;
      return { ...outcome, say };
    } finally {
      confirming -= 1;
    }
  }

  /** Most words need no look into the database: nothing is proposed, and they do not ask for it. */
  function changesNothing(turn: CustomerTurn): boolean {
    if (empty_at !== tool_steps) return false;
    const now = DateTime.fromMillis(deps.clock.now());
    return afterCustomerTurn({ kind: "none" }, turn, now).do === "nothing";
  }

  async function take(turn: CustomerTurn): Promise<Remark | null> {
    if (changesNothing(turn)) return null;
    const steps = tool_steps;
    return callerSaid(await context(), turn, (_tx, { kind }) => {
      if (kind === "none") empty_at = steps;
    });
  }

  async function runCounted(asked: ToolCall, signal?: AbortSignal): Promise<ToolOutcome> {
    tool_steps += 1;
    try {
      const confirms = asked.name === "confirm_appointment";
      return confirms ? await confirm(asked, signal) : await runTool(await context(signal), asked);
    } finally {
      tool_steps += 1;
    }
  }

  return {
    async run(asked, signal) {
      const outcome = await runCounted(asked, signal);
      const proposes = asked.name === "propose_slot" || asked.name === "move_appointment";
      if (proposes) proposed_at = deps.clock.now();
      if (outcome.say !== undefined) tool_said_at = deps.clock.now();
      return outcome;
    },

    async callerSaid(text, began_at) {
      const turn = { text, began_at };
      last_turn = turn;
      const remark = await take(turn);
      // The caller is asked once, by whichever way comes first.
      const asked_already = tool_said_at >= began_at.getTime();
      if (remark?.say !== undefined && confirming > 0) left_to_say = remark.say;
      // Only now: a confirmation by the model finds what these words have done already.
      heard.resolve();
      heard = Promise.withResolvers();
      return remark?.say !== undefined && (confirming > 0 || asked_already) ? null : remark;
    },
  };
}
