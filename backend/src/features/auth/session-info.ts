import type { Business, SessionInfo, User } from "@agentlocator/contract";
import type { SystemTx } from "../../db/database.ts";
import { actingBusiness } from "../../http/session.ts";
import type { Session } from "../../http/session.ts";

/** What the console needs to know of a session; the answer of login and of `me`. */
export async function sessionInfo(
  tx: SystemTx,
  session: Session,
  demo: boolean,
): Promise<SessionInfo> {
  const acting = actingBusiness(session, null);
  const user = await tx.trx<User>("users").where("id", session.user.id).first();
  const tenant = acting
    ? await tx.trx<Business>("businesses").where("id", acting).first()
    : undefined;
  return {
    user: user!,
    tenant: tenant ?? null,
    impersonating: session.impersonated_tenant_id !== null,
    csrf_token: session.csrf_token,
    demo,
  };
}
