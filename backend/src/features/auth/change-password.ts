import type { PasswordChange } from "@agentlocator/contract";
import type { Context } from "koa";
import type { z } from "zod";
import { problem } from "../../http/problem.ts";
import type { Session } from "../../http/session.ts";
import type { LoginLimiter } from "../../platform/login-limiter.ts";
import { audit } from "../audit/index.ts";
import type { AuthDeps } from "./deps.ts";
import { countAttempt } from "./login.ts";
import { dropPasswordLinks } from "./password-links.ts";

/**
 * Changes one's own password and ends one's other sessions.
 * @throws 400 when the current password is wrong; 429 after too many of those
 */
export async function changePassword(
  deps: AuthDeps,
  attempts: LoginLimiter,
  ctx: Context,
  session: Session,
  { current_password, new_password }: z.output<typeof PasswordChange>,
): Promise<void> {
  const { user } = session;
  await countAttempt(attempts, ctx, user.email);
  const stored = await deps.db.inSystem((tx) =>
    tx.trx("users").where("id", user.id).first<{ password_hash: string }>("password_hash"),
  );
  if (!(await deps.passwords.verify(stored.password_hash, current_password))) throw wrongPassword();
  await attempts.succeeded(user.email);
  const password_hash = await deps.passwords.hash(new_password);
  await deps.db.inSystem(async (tx) => {
    // Set anew by an owner meanwhile, it is not this session's to change any more.
    const changed = await tx
      .trx("users")
      .where({ id: user.id, password_hash: stored.password_hash })
      .update({ password_hash });
    if (changed === 0) throw wrongPassword();
    await tx
      .trx("sessions")
      .where("user_id", user.id)
      .whereNot("id_hash", session.id_hash)
      .delete();
    await dropPasswordLinks(tx, user.id);
    await audit(tx, {
      actor: session,
      action: "auth.password_changed",
      business_id: user.business_id,
      ip: ctx.ip,
    });
  });
  if (user.business_id !== null) deps.sessionsEnded(user.business_id);
  deps.log.info({ user: user.id }, "[AUTH] password changed");
}

const wrongPassword = () =>
  problem(400, "wrong_password", "The current password is wrong.", {
    errors: [{ path: "body.current_password", message: "wrong password" }],
  });
