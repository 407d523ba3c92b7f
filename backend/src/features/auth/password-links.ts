import type { BusinessTx, SystemTx } from "../../db/database.ts";
import { newToken, tokenHash } from "./session-store.ts";

const MINUTE_MS = 60_000;
/** For who forgot the password and waits for the mail. */
export const RESET_MS = 30 * MINUTE_MS;
/** For who is invited, and may be away for some days. */
export const INVITATION_MS = 7 * 24 * 60 * MINUTE_MS;

/**
 * Makes a link that sets the user's password, once. Earlier ones stay good: a request by whoever
 * knows the address must not take an invitation away.
 * @returns the link; its token is stored hashed only, and stands behind the `#`, which no server
 * is ever sent
 */
export async function makePasswordLink(
  { trx }: BusinessTx | SystemTx,
  user_id: number,
  { public_base_url, expires_at }: { public_base_url: string; expires_at: Date },
): Promise<string> {
  const token = newToken();
  await trx("password_links").insert({ token_hash: tokenHash(token), user_id, expires_at });
  return `${public_base_url}/reset#token=${token}`;
}

/** Of a user who has a new password, or must not set one. */
export async function dropPasswordLinks(
  { trx }: BusinessTx | SystemTx,
  user_id: number,
): Promise<void> {
  await trx("password_links").where({ user_id }).delete();
}
