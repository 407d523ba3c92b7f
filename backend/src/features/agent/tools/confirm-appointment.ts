import { z } from "zod";
import { confirmPending } from "../confirm.ts";
import { mayConfirm, type ConfirmVerdict } from "../pending-slot.ts";
import { spokenSlot } from "../slots.ts";
import { defineTool, refused, type ToolOutcome, type ToolScope } from "../tool.ts";
import { latestConfirmation } from "../tool-calls.ts";

export const confirmAppointment = defineTool({
  name: "confirm_appointment",
  description:
    "Books the time that was proposed last, or moves the appointment there. Only after the customer " +
    "has clearly said yes to it. It takes no time of its own.",
  input: z.object({}),
  async run(scope) {
    if (scope.pending.kind === "none") {
      const before = await latestConfirmation(scope);
      if (before) return before;
    }
    const verdict = mayConfirm(scope.pending, scope.turn, scope.now);
    return verdict.may ? confirmPending(scope, verdict.slot) : refuse(scope, verdict.because);
  },
});

type Because = Extract<ConfirmVerdict, { may: false }>["because"];

async function refuse(scope: ToolScope, because: Because): Promise<ToolOutcome> {
  const { phrases, log } = scope;
  log.info({ because }, "[NLP] confirmation not accepted");
  switch (because) {
    case "no_time":
      return { ...refused("exact_time_missing"), say: phrases.ask_time };
    case "stale":
    case "broken":
      await scope.setPending(null);
      return { ...refused("proposal_expired"), say: phrases.ask_again };
    case "reject":
    case "other_time":
      await scope.setPending(null);
      return refused(because, {
        message: because === "reject" ? phrases.dropped : phrases.other_time,
      });
    default:
      return refused("not_confirmed_yet", { message: readBack(scope) });
  }
}

function readBack(scope: ToolScope): string {
  const { pending, phrases } = scope;
  const when = pending.kind === "complete" ? spokenSlot(scope, pending.slot.starts_at).when : "";
  return phrases.read_back(when);
}
