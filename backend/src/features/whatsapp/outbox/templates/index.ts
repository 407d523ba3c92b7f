import type { BusinessTx } from "../../../../db/database.ts";
import type { SentTemplate } from "../store.ts";
import { requireTemplate } from "./store.ts";
import { fillTemplate } from "./variables.ts";

export { templateJobs } from "./jobs.ts";
export { templateRoutes } from "./routes.ts";
export { requireTemplate, templateStatus } from "./store.ts";

/**
 * A template as it is sent, and the text that the customer reads.
 * @param name its name or its ContentSid
 * @throws 404 for an unknown template, 400 for variables that do not fit
 */
export async function useTemplate(
  tx: BusinessTx,
  { name, variables = {} }: { name: string; variables?: Record<string, string> | undefined },
): Promise<SentTemplate & { text: string }> {
  const template = await requireTemplate(tx, name);
  const text = fillTemplate(template, variables);
  return { content_sid: template.content_sid, variables, text };
}
