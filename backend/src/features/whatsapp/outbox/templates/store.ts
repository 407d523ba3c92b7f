import type { WhatsappTemplate } from "@agentlocator/contract";
import type { BusinessTx } from "../../../../db/database.ts";
import { notFound } from "../../../../http/problem.ts";
import { pageById } from "../../../../http/page.ts";
import type { Page, PageAsked } from "../../../../http/page-by-time.ts";

const COLUMNS = ["content_sid", "name", "language", "body", "variables", "status", "category"];

/** Names are not unique at Twilio: an approved one comes first, then the latest. */
const BEST_FIRST = "(status = 'approved') desc, id desc";

/** By its ContentSid or its name. @throws the 404 problem */
export async function requireTemplate(tx: BusinessTx, name: string): Promise<WhatsappTemplate> {
  const found = await tx
    .trx("whatsapp_templates")
    .where((either) => either.where("content_sid", name).orWhere("name", name))
    .orderByRaw(BEST_FIRST)
    .first(COLUMNS);
  if (!found) throw notFound("This template");
  return found;
}

/** Whether a template may be sent at any time; one that is there no more may not. */
export async function templateStatus(
  tx: BusinessTx,
  content_sid: string,
): Promise<"approved" | "unapproved"> {
  const found = await tx.trx("whatsapp_templates").where({ content_sid }).first("status");
  return found?.status === "approved" ? "approved" : "unapproved";
}

export function listTemplates(tx: BusinessTx, asked: PageAsked): Promise<Page<WhatsappTemplate>> {
  const query = tx.trx("whatsapp_templates").select("id", ...COLUMNS);
  return pageById<WhatsappTemplate & { id: number }>(query, asked);
}

/** Makes the business's templates those of Twilio's account. */
export async function replaceTemplates(
  tx: BusinessTx,
  templates: WhatsappTemplate[],
): Promise<void> {
  const { business_id, trx } = tx;
  const sids = templates.map(({ content_sid }) => content_sid);
  await trx("whatsapp_templates").whereNotIn("content_sid", sids).delete();
  if (templates.length === 0) return;
  const rows = templates.map((template) => ({
    ...template,
    business_id,
    variables: JSON.stringify(template.variables),
    synced_at: trx.fn.now(),
  }));
  await trx("whatsapp_templates").insert(rows).onConflict(["business_id", "content_sid"]).merge();
}
