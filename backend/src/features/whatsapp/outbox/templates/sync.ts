import type twilio from "twilio";
import type { Database } from "../../../../db/database.ts";
import { problem } from "../../../../http/problem.ts";
import type { Logger } from "../../../../platform/log.ts";
import { fetchTemplates } from "./content-api.ts";
import { replaceTemplates } from "./store.ts";

export interface TemplateDeps {
  db: Database;
  log: Logger;
  client: twilio.Twilio | null;
}

/**
 * Brings the account's templates to these businesses.
 * @throws problems: 409 without Twilio, 502 when it does not answer as it should
 */
export async function syncTemplates(
  { db, log, client }: TemplateDeps,
  business_ids: number[],
): Promise<void> {
  if (!client) throw problem(409, "twilio_disabled", "Twilio is not configured.");
  const templates = await fetchTemplates(client).catch((error: unknown) => {
    log.warn({ err: error }, "[WA-ERROR] Twilio's templates can't be listed");
    throw problem(502, "twilio_unavailable", "Twilio did not list its templates; try again later.");
  });
  for (const business_id of business_ids) {
    await db.inBusiness(business_id, (tx) => replaceTemplates(tx, templates));
  }
  log.info({ templates: templates.length, businesses: business_ids.length }, "[WA] templates");
}
