import { z } from "zod";
import { pauseAgent } from "../../conversations/index.ts";
import { createTask } from "../../tasks/index.ts";
import { defineTool, refused, type ToolOutcome, type ToolScope } from "../tool.ts";

export const transferToPerson = defineTool({
  name: "transfer_to_person",
  description:
    "Hands the customer over to a person of the business, when they ask for one or you can't help.",
  input: z.object({
    reason: z.string().trim().min(1).max(300).describe("Why, in a few words for the team"),
  }),
  async run(scope, { reason }) {
    if (scope.channel === "whatsapp") return handOver(scope, reason);
    if (!scope.settings.transfer_number) {
      return refused("nobody_can_be_reached_now", { instead: "offer to leave a message" });
    }
    scope.log.info("[NLP] caller is transferred to a person");
    return { output: { ok: true }, effect: "transfer" };
  },
});

/** In a chat a person answers later: the agent keeps still meanwhile, and the team has a task. */
async function handOver({ tx, thread, now }: ToolScope, reason: string) {
  await pauseAgent(tx, thread.id, now.toJSDate());
  const { contact_id, id: thread_id } = thread;
  await createTask(tx, { title: reason, contact_id, thread_id });
  return { output: { ok: true, message: "a person will answer in this chat" } } as ToolOutcome;
}
