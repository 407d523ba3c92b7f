import type { BusinessTx } from "../../db/database.ts";
import { confirmPending } from "./confirm.ts";
import { afterCustomerTurn } from "./pending-slot.ts";
import type { CustomerTurn, PendingState, PendingStep } from "./pending-slot.ts";
import { openScope } from "./scope.ts";
import { latestConfirmation, storeOutcome } from "./tool-calls.ts";
import type { ToolContext, ToolScope } from "./tool.ts";

/** What the model is told, or what the agent says in these very words. */
export interface Remark {
  note?: string;
  say?: string;
}

/**
 * What the customer's words do to the pending slot whatever the model does: a clear confirmation
 * books it, one without an exact time is asked about, a refusal takes it off the table. Null when
 * there is nothing to do. A failure is logged and leaves everything as it was, so that the model's
 * own `confirm_appointment` can still book.
 * @param heard told, inside the transaction, what was on the table and what came of it
 */
export async function callerSaid(
  ctx: ToolContext,
  turn: CustomerTurn,
  heard?: (tx: BusinessTx, pending: PendingState, remark: Remark | null) => Promise<void> | void,
): Promise<Remark | null> {
  try {
    return await ctx.db.inBusiness(ctx.business_id, async (tx) => {
      const scope = await openScope(tx, { ...ctx, last_turn: turn });
      const step = afterCustomerTurn(scope.pending, turn, scope.now);
      const remark = await take(scope, step);
      await heard?.(tx, scope.pending, remark);
      return remark;
    });
  } catch (error) {
    const where = { biz: ctx.business_id, thread_id: ctx.thread_id };
    ctx.log.error({ err: error, ...where }, "[NLP] a confirmation could not be looked at");
    return null;
  }
}

async function take(scope: ToolScope, step: PendingStep): Promise<Remark | null> {
  const { phrases, log } = scope;
  switch (step.do) {
    case "nothing":
      return null;
    case "book": {
      const outcome = await confirmPending(scope, step.slot);
      // Kept as a tool call, so that the model's own confirmation has the same outcome.
      const tool_call_id = `said:${step.slot.proposed_at}`;
      await storeOutcome(
        scope,
        { name: "confirm_appointment", arguments: "", tool_call_id },
        outcome,
      );
      return { note: JSON.stringify(outcome.output) };
    }
    case "ask_time": {
      const before = scope.pending.kind === "none" ? await latestConfirmation(scope) : null;
      if (before?.output.ok) return { note: phrases.already(String(before.output.when)) };
      log.info("[NLP] confirmation without an exact time");
      return { say: phrases.ask_time };
    }
    case "ask_again":
      log.info({ was: scope.pending.kind }, "[NLP] pending slot cleared, asking again");
      await scope.setPending(null);
      return { say: phrases.ask_again };
    case "expired":
      log.info({ was: scope.pending.kind }, "[NLP] pending slot cleared");
      await scope.setPending(null);
      return { note: phrases.expired };
    case "drop":
      log.info({ because: step.because }, "[NLP] pending slot refused");
      await scope.setPending(null);
      return { note: step.because === "reject" ? phrases.dropped : phrases.other_time };
    case "spoken":
      if (scope.pending.kind === "complete") {
        await scope.setPending({ ...scope.pending.slot, spoken_since: true });
      }
      return null;
  }
}
