import type { PasswordReset } from "@agentlocator/contract";
import type { Context } from "koa";
import type { z } from "zod";
import type { SystemTx } from "../../db/database.ts";
import { problem } from "../../http/problem.ts";
import type { LoginLimiter } from "../../platform/login-limiter.ts";
import { audit } from "../audit/index.ts";
import type { AuthDeps } from "./deps.ts";
import { dropPasswordLinks } from "./password-links.ts";
import { tokenHash } from "./session-store.ts";

/**
 * Sets the password of whom the link was made for, and ends all sessions of theirs. The link, and
 * every other of that user, is good for nothing afterwards.
 * @throws 403 when the link was used, has expired, or belongs to somebody who is suspended
 */
export async function resetPassword(
  deps: AuthDeps,
  attempts: LoginLimiter,
  ctx: Context,
  { token, password }: z.output<typeof PasswordReset>,
): Promise<void> {
  const { db, clock, passwords, log } = deps;
  const find = (tx: SystemTx) => findUser(tx, tokenHash(token), clock.now());
  // Looked at before the costly hash, and again with the user locked, which makes it single use.
  await db.inSystem(find);
  const password_hash = await passwords.hash(password);
  const user = await db.inSystem(async (tx) => {
    const { id } = await find(tx);
    await tx.trx("users").where({ id }).forUpdate().first("id");
    const user = await find(tx);
    await tx.trx("users").where({ id }).update({ password_hash });
    await tx.trx("sessions").where("user_id", id).delete();
    await dropPasswordLinks(tx, id);
    await audit(tx, {
      actor: { user, impersonated_tenant_id: null },
      action: "auth.password_reset",
      business_id: user.business_id,
      ip: ctx.ip,
    });
    return user;
  });
  if (user.business_id !== null) deps.sessionsEnded(user.business_id);
  await attempts.succeeded(user.email);
  log.info({ user: user.id, ip: ctx.ip }, "[AUTH] password set with a link");
}

async function findUser({ trx }: SystemTx, token_hash: string, now: number) {
  const user = await trx("password_links as l")
    .join("users as u", "u.id", "l.user_id")
    .leftJoin("businesses as b", "b.id", "u.business_id")
    .where({ token_hash, "u.status": "active" })
    .where("l.expires_at", ">", new Date(now))
    .where((open) => open.whereNull("b.id").orWhere("b.status", "active"))
    .first("u.id", "u.business_id", "u.email", "u.name", "u.role");
  if (user) return user;
  throw problem(
    403,
    "reset_token",
    "This link was used already or has expired; ask for a new one.",
    {
      errors: [{ path: "body.token", message: "used or expired" }],
    },
  );
}
