import type { Login, SessionInfo } from "@agentlocator/contract";
import type { Context } from "koa";
import type { z } from "zod";
import type { Database } from "../../db/database.ts";
import { problem } from "../../http/problem.ts";
import type { SessionUser } from "../../http/session.ts";
import type { LoginLimiter } from "../../platform/login-limiter.ts";
import type { AuthDeps } from "./deps.ts";
import { signIn, wrongCredentials } from "./sign-in.ts";

interface Account extends SessionUser {
  /** Null as long as somebody invited has not chosen a password. */
  password_hash: string | null;
  /** Neither the user nor the business is suspended. */
  active: boolean;
}

/**
 * Signs in. An unknown account, a wrong password and a suspended account get the same answer after
 * the same work, so that nobody learns from it who has an account.
 * @throws 401; 429 when this address or this account has tried too often
 */
export async function login(
  deps: AuthDeps,
  attempts: LoginLimiter,
  ctx: Context,
  { email, password }: z.output<typeof Login>,
): Promise<SessionInfo> {
  await countAttempt(attempts, ctx, email);
  const account = await findAccount(deps.db, email);
  const matches = await deps.passwords.verify(account?.password_hash ?? null, password);
  if (!account?.password_hash || !matches || !account.active) {
    const why = !account?.password_hash
      ? "no such account"
      : matches
        ? "suspended"
        : "wrong password";
    // The given address is left out: people type passwords into the wrong field.
    deps.log.warn({ user: account?.id, ip: ctx.ip, why }, "[AUTH] sign-in refused");
    throw wrongCredentials();
  }
  await attempts.succeeded(email);
  const { id, business_id, name, role, password_hash } = account;
  return signIn(deps, ctx, { id, business_id, email: account.email, name, role }, password_hash);
}

/** Counts an attempt at an account's password. @throws 429 */
export async function countAttempt(
  attempts: LoginLimiter,
  ctx: Context,
  email: string,
): Promise<void> {
  const { ok, retry_after_seconds } = await attempts.attempt(ctx.ip, email);
  if (ok) return;
  throw problem(429, "too_many_attempts", "Too many attempts; wait a little.", {
    headers: { "Retry-After": String(retry_after_seconds) },
  });
}

function findAccount(db: Database, email: string): Promise<Account | undefined> {
  return db.inSystem((tx) =>
    tx
      .trx("users as u")
      .leftJoin("businesses as b", "b.id", "u.business_id")
      .where("u.email", email)
      .first<Account | undefined>(
        "u.id",
        "u.business_id",
        "u.email",
        "u.name",
        "u.role",
        "u.password_hash",
        tx.trx.raw("u.status = 'active' and coalesce(b.status, 'active') = 'active' as active"),
      ),
  );
}
