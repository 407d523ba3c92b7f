import type { SystemTx } from "../../db/database.ts";
import type { SessionUser } from "../../http/session.ts";
import type { AuthDeps } from "./deps.ts";
import { newToken, tokenHash } from "./session-store.ts";

const TOKEN_LIFE_MS = 24 * 3_600_000;

/** Until the commit, no other process can make the first administrator. */
export async function lockFirstAdmin(tx: SystemTx): Promise<void> {
  await tx.trx.raw("select pg_advisory_xact_lock(hashtext('first-admin'))");
}

export async function hasAdmin(tx: SystemTx): Promise<boolean> {
  return (await tx.trx("users").where("role", "system_admin").first("id")) !== undefined;
}

/** Makes the administrator; no setup token is good for anything any more. */
export async function insertFirstAdmin(
  tx: SystemTx,
  admin: { email: string; name: string; password_hash: string },
): Promise<SessionUser> {
  const [user] = await tx
    .trx("users")
    .insert({ ...admin, role: "system_admin" })
    .returning<SessionUser[]>(["id", "business_id", "email", "name", "role"]);
  await tx.trx("setup_tokens").delete();
  return user!;
}

/**
 * Sees to it at start that somebody can get in: makes the administrator whom the environment
 * names, or else prints a link that lets whoever reads the log make one, once, within 24 hours.
 * Does nothing when there is an administrator; several processes may start at once.
 */
export async function ensureFirstAdmin(
  { db, passwords, log, clock }: Pick<AuthDeps, "db" | "passwords" | "log" | "clock">,
  from: { email?: string | undefined; password?: string | undefined; public_base_url: string },
): Promise<void> {
  if (await db.inSystem(hasAdmin)) return;
  if (from.email && from.password) {
    const email = from.email.toLowerCase();
    const password_hash = await passwords.hash(from.password);
    const made = await db.inSystem(async (tx) => {
      await lockFirstAdmin(tx);
      return (await hasAdmin(tx))
        ? null
        : insertFirstAdmin(tx, { email, name: email.split("@")[0]!, password_hash });
    });
    if (made) log.info({ user: made.id }, "[AUTH] first administrator made from ADMIN_EMAIL");
    return;
  }
  const token = newToken();
  const expires_at = new Date(clock.now() + TOKEN_LIFE_MS);
  const issued = await db.inSystem(async (tx) => {
    await lockFirstAdmin(tx);
    if (await hasAdmin(tx)) return false;
    await tx.trx("setup_tokens").where("expires_at", "<", new Date(clock.now())).delete();
    await tx.trx("setup_tokens").insert({ token_hash: tokenHash(token), expires_at });
    return true;
  });
  if (!issued) return;
  const link = `${from.public_base_url}/setup?token=${token}`;
  log.warn(`[AUTH] there is no administrator yet; within 24 hours, make one at ${link}`);
}
