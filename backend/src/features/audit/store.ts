import type { AuditEntry } from "@agentlocator/contract";
import type { BusinessTx, SystemTx } from "../../db/database.ts";
import { pageById } from "../../http/page.ts";
import type { Session } from "../../http/session.ts";

interface Entry {
  /** Who did it; null when the product itself did. */
  actor: Pick<Session, "user" | "impersonated_tenant_id"> | null;
  /** `<thing>.<what happened>`, e.g. `settings.changed`. */
  action: string;
  /** What it was done to, e.g. `user:7`. */
  subject?: string;
  /** Whose log it belongs to, in a transaction across businesses; null is the agency's own. */
  business_id?: number | null;
  /** Names and ids, never a secret and no customer's words. */
  detail?: Record<string, unknown>;
  ip?: string;
}

/** Writes into the audit log, in the transaction of what it tells. It can't be changed later. */
export async function audit(tx: BusinessTx | SystemTx, entry: Entry): Promise<void> {
  const { actor } = entry;
  await tx.trx("audit_log").insert({
    business_id: "business_id" in tx ? tx.business_id : (entry.business_id ?? null),
    actor_user_id: actor?.user.id ?? null,
    action: entry.action,
    subject: entry.subject ?? null,
    detail: JSON.stringify({
      ...entry.detail,
      ...(actor?.impersonated_tenant_id && { impersonating: true }),
    }),
    ip: entry.ip ?? null,
  });
}

/** The business's log, newest first. */
export function listAudit(tx: BusinessTx, page: { limit: number; cursor?: string | undefined }) {
  const query = tx
    .trx("audit_log")
    .leftJoin("users", "users.id", "audit_log.actor_user_id")
    .select("audit_log.*", "users.name as actor_name");
  return pageById<AuditEntry>(query, page, "audit_log.id");
}
