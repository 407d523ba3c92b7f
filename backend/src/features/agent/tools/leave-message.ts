import { z } from "zod";
import { createTask } from "../../tasks/index.ts";
import { nameContact } from "../customer.ts";
import { defineTool } from "../tool.ts";

export const leaveMessage = defineTool({
  name: "leave_message",
  description:
    "Leaves a message for the business's team, who will get back to the customer. Use it for " +
    "whatever you can't answer or do yourself.",
  input: z.object({
    subject: z.string().trim().min(1).max(120).describe("A few words that name the matter"),
    message: z.string().trim().min(1).max(4000).describe("What the customer wants, in full"),
    customer_name: z.string().trim().max(100).optional().describe("Only as the customer gave it"),
  }),
  async run(scope, { subject, message, customer_name = "" }) {
    const { tx, thread, call_sid } = scope;
    const contact_id = await nameContact(scope, customer_name);
    const about = { contact_id, thread_id: thread.id, call_sid };
    const task = await createTask(tx, { title: subject, body: message, ...about });
    return { output: { ok: true, task_id: task!.id } };
  },
});
