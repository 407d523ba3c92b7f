import type { Notification } from "@agentlocator/contract";
import type { BusinessTx } from "../../db/database.ts";
import { notFound } from "../../http/problem.ts";
import { pageById } from "../../http/page.ts";
import type { Logger } from "../../platform/log.ts";
import { planAlertMail } from "./alert-mails.ts";

/** What somebody of the business has to know. */
export interface News {
  /** e.g. `call_fallback` */
  kind: string;
  title: string;
  body?: string;
  /** Where in the console to look, e.g. `/app/calls/CA…`. */
  link?: string;
  /** Somebody has to act: the owners are also mailed, unless it is seen soon. */
  alert?: boolean;
  /** Says which occurrence it is; the same one notifies once, however often it is told. */
  dedupe_key?: string;
}

/** Rings the business's bell, in the transaction of what happened. False when it had rung for it. */
export async function notify(tx: BusinessTx, news: News, log: Logger): Promise<boolean> {
  const [made] = await tx
    .trx("notifications")
    .insert({ ...news, business_id: tx.business_id })
    .onConflict(["business_id", "dedupe_key"])
    .ignore()
    .returning<{ id: number }[]>("id");
  if (!made) return false;
  tx.emit("notification", { id: made.id });
  if (news.alert) await planAlertMail(tx);
  log.info({ biz: tx.business_id, id: made.id, kind: news.kind }, "[NOTIFY] notification");
  return true;
}

/** Marks what a notification told of as over, e.g. when a connection stands again. */
export async function resolveNotification(
  tx: BusinessTx,
  dedupe_key: string,
  resolved_at: Date,
): Promise<void> {
  const [row] = await tx
    .trx("notifications")
    .where({ dedupe_key })
    .whereNull("resolved_at")
    .update({ resolved_at })
    .returning<{ id: number }[]>("id");
  if (row) tx.emit("notification", { id: row.id });
}

export function listNotifications(
  tx: BusinessTx,
  { unread, ...page }: { unread?: boolean | undefined; limit: number; cursor?: string | undefined },
) {
  const query = tx.trx("notifications").select("*");
  if (unread !== undefined) void query[unread ? "whereNull" : "whereNotNull"]("read_at");
  return pageById<Notification>(query, page);
}

/** Keeps the time of the first reading. @throws 404 */
export async function markRead(tx: BusinessTx, id: number): Promise<Notification> {
  const [row] = await tx
    .trx("notifications")
    .where({ id })
    .update({ read_at: tx.trx.raw("coalesce(read_at, now())") })
    .returning<Notification[]>("*");
  if (!row) throw notFound("This notification");
  tx.emit("notification", { id });
  return row;
}

export async function markAllRead(tx: BusinessTx): Promise<void> {
  const read = await tx
    .trx("notifications")
    .whereNull("read_at")
    .update({ read_at: tx.trx.fn.now() });
  if (read > 0) tx.emit("notification", {});
}
