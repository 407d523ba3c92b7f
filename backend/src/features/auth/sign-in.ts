import type { SessionInfo } from "@agentlocator/contract";
import type { Context } from "koa";
import { problem } from "../../http/problem.ts";
import { SESSION_COOKIE } from "../../http/session.ts";
import type { Session, SessionUser } from "../../http/session.ts";
import { audit } from "../audit/index.ts";
import { setSessionCookies } from "./cookies.ts";
import type { AuthDeps } from "./deps.ts";
import { sessionInfo } from "./session-info.ts";
import { startSession, tokenHash } from "./session-store.ts";

/** The same whatever is wrong, so that nobody learns from it who has an account. */
export const wrongCredentials = () =>
  problem(401, "wrong_credentials", "The e-mail address or the password is wrong.");

/**
 * Gives the browser of `ctx` a new session; the one it had ends, so that a cookie planted before
 * the login is worth nothing after it.
 * @throws 401 when the user may not any more: `password_hash`, which was verified a moment ago, has
 * been changed since, and with it every session of theirs was ended
 */
export async function signIn(
  deps: AuthDeps,
  ctx: Context,
  user: SessionUser,
  password_hash: string,
): Promise<SessionInfo> {
  const before = ctx.cookies.get(SESSION_COOKIE);
  const { started, info } = await deps.db.inSystem(async (tx) => {
    const proved = { id: user.id, password_hash, status: "active" };
    if (!(await tx.trx("users").where(proved).forShare().first("id"))) throw wrongCredentials();
    if (before) await tx.trx("sessions").where("id_hash", tokenHash(before)).delete();
    const started = await startSession(tx, user.id, {
      now: deps.clock.now(),
      ip: ctx.ip,
      user_agent: ctx.get("User-Agent"),
    });
    const session: Session = {
      id_hash: tokenHash(started.token),
      user,
      csrf_token: started.csrf_token,
      impersonated_tenant_id: null,
    };
    await audit(tx, {
      actor: session,
      action: "auth.signed_in",
      business_id: user.business_id,
      ip: ctx.ip,
    });
    return { started, info: await sessionInfo(tx, session, deps.demo) };
  });
  setSessionCookies(ctx, started, deps.secure_cookies);
  deps.log.info({ user: user.id, biz: user.business_id, ip: ctx.ip }, "[AUTH] signed in");
  return info;
}
