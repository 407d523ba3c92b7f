import type { Notification } from "@agentlocator/contract";
import type { SystemTx } from "../../db/database.ts";
import { pageById } from "../../http/page.ts";
import { notFound } from "../../http/problem.ts";
import type { Logger } from "../../platform/log.ts";
import { planAgencyMail } from "./alert-mails.ts";
import type { News } from "./store.ts";

/** What the agency's own administrators have to know, whichever business they are in. */
const ours = (tx: SystemTx) => tx.trx("notifications").whereNull("business_id");

/** Rings the administrators' bell; the same occurrence once. False when it had rung for it. */
export async function notifyAgency(
  tx: SystemTx,
  news: News & { dedupe_key: string },
  log: Logger,
): Promise<boolean> {
  const [made] = await tx
    .trx("notifications")
    .insert({ ...news, business_id: null })
    .onConflict(tx.trx.raw("(dedupe_key) where business_id is null"))
    .ignore()
    .returning<{ id: number }[]>("id");
  if (!made) return false;
  if (news.alert) await planAgencyMail(tx, made.id);
  log.warn({ id: made.id, kind: news.kind }, "[NOTIFY] notification for the administrators");
  return true;
}

/** Marks what administrators were told of this kind as over. */
export async function resolveAgency(tx: SystemTx, kind: string, resolved_at: Date): Promise<void> {
  await ours(tx).where({ kind }).whereNull("resolved_at").update({ resolved_at });
}

export function listAgencyNotifications(
  tx: SystemTx,
  { unread, ...page }: { unread?: boolean | undefined; limit: number; cursor?: string | undefined },
) {
  const query = ours(tx).select("*");
  if (unread !== undefined) void query[unread ? "whereNull" : "whereNotNull"]("read_at");
  return pageById<Notification>(query, page);
}

/** @throws 404 */
export async function markAgencyRead(tx: SystemTx, id: number): Promise<Notification> {
  const [row] = await ours(tx)
    .where({ id })
    .update({ read_at: tx.trx.raw("coalesce(read_at, now())") })
    .returning<Notification[]>("*");
  if (!row) throw notFound("This notification");
  return row;
}

export async function markAllAgencyRead(tx: SystemTx): Promise<void> {
  await ours(tx).whereNull("read_at").update({ read_at: tx.trx.fn.now() });
}
