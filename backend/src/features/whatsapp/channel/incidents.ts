import type { GatewayReason, WhatsappIncident } from "@agentlocator/contract";
import type { BusinessTx } from "../../../db/database.ts";
import { pageById } from "../../../http/page.ts";
import type { Logger } from "../../../platform/log.ts";
import { notify, resolveNotification } from "../../notifications/index.ts";
import { loadSettings } from "../../settings/index.ts";

const DISCONNECTED = {
  he: "חיבור הוואטסאפ של העסק נותק. התחבר מחדש מלשונית הוואטסאפ.",
  en: "The business's WhatsApp was disconnected. Connect it again on the WhatsApp page.",
};

const ringOf = (incident_id: number) => `whatsapp_incident:${incident_id}`;

/** Opens the business's incident and rings its bell, unless one is open already. */
export async function openIncident(
  tx: BusinessTx,
  reason: GatewayReason | null,
  now: Date,
  log: Logger,
): Promise<void> {
  const { business_id } = tx;
  const [made] = await tx
    .trx("whatsapp_incidents")
    .insert({ business_id, reason, opened_at: now })
    .onConflict(tx.trx.raw("(business_id) where closed_at is null"))
    .ignore()
    .returning<{ id: number }[]>("id");
  if (!made) return;
  const { language } = await loadSettings(tx);
  const news = {
    kind: "whatsapp_disconnected",
    title: DISCONNECTED[language.startsWith("he") ? "he" : "en"],
    link: "/app/whatsapp",
    dedupe_key: ringOf(made.id),
    alert: true,
  };
  await notify(tx, news, log);
  tx.emit("whatsapp_status", { id: made.id });
  log.warn({ biz: business_id, incident: made.id, reason }, "[WA] disconnected, a person is told");
}

/** Closes the open incident, if there is one, and settles its notification. */
export async function closeIncident(tx: BusinessTx, now: Date, log: Logger): Promise<void> {
  const [closed] = await tx
    .trx("whatsapp_incidents")
    .whereNull("closed_at")
    .update({ closed_at: now })
    .returning<{ id: number; opened_at: string }[]>(["id", "opened_at"]);
  if (!closed) return;
  await resolveNotification(tx, ringOf(closed.id), now);
  tx.emit("whatsapp_status", { id: closed.id });
  const seconds = Math.round((now.getTime() - Date.parse(closed.opened_at)) / 1000);
  log.info({ biz: tx.business_id, incident: closed.id, seconds }, "[WA] the incident is over");
}

/** The business's disconnects, the latest first. */
export function listIncidents(
  tx: BusinessTx,
  page: { limit: number; cursor?: string | undefined },
) {
  const seconds = "extract(epoch from closed_at - opened_at)::int as duration_seconds";
  const query = tx.trx("whatsapp_incidents").select("*", tx.trx.raw(seconds));
  return pageById<WhatsappIncident>(query, page);
}
