import type { SessionInfo } from "@agentlocator/contract";
import type { SystemTx } from "../../db/database.ts";
import { problem } from "../../http/problem.ts";
import type { Session } from "../../http/session.ts";
import { audit } from "../audit/index.ts";
import { sessionInfo } from "../auth/index.ts";
import type { BusinessesDeps } from "./deps.ts";
import { requireBusiness } from "./store.ts";

const IMPERSONATION_MS = 60 * 60_000;

/**
 * Enters a business for an hour at most; from then on this session acts in it as its owner would.
 * @throws 404; 409 from within another business
 */
export async function enterBusiness(
  deps: BusinessesDeps,
  tx: SystemTx,
  session: Session,
  business_id: number,
): Promise<SessionInfo> {
  const { id } = await requireBusiness(tx, business_id);
  const expires_at = new Date(deps.clock.now() + IMPERSONATION_MS);
  const entered = await tx
    .trx("sessions")
    .where({ id_hash: session.id_hash, impersonated_tenant_id: null })
    .update({ impersonated_tenant_id: id, impersonation_expires_at: expires_at });
  if (entered === 0) throw problem(409, "impersonating", "Leave the other business first.");
  await audit(tx, { actor: session, action: "impersonation.started", business_id: id });
  deps.log.info({ user: session.user.id, biz: id }, "[IMP] started");
  return sessionInfo(tx, { ...session, impersonated_tenant_id: id }, deps.demo);
}

/** Goes back to the agency; doing it twice changes nothing. */
export async function leaveBusiness(
  deps: BusinessesDeps,
  tx: SystemTx,
  session: Session,
): Promise<SessionInfo> {
  const business_id = session.impersonated_tenant_id;
  if (business_id !== null) {
    await tx
      .trx("sessions")
      .where("id_hash", session.id_hash)
      .update({ impersonated_tenant_id: null, impersonation_expires_at: null });
    await audit(tx, { actor: session, action: "impersonation.ended", business_id });
    deps.log.info({ user: session.user.id, biz: business_id }, "[IMP] ended");
  }
  return sessionInfo(tx, { ...session, impersonated_tenant_id: null }, deps.demo);
}
