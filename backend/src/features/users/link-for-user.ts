import type { PasswordLink } from "@agentlocator/contract";
import type { z } from "zod";
import type { BusinessTx } from "../../db/database.ts";
import { problem } from "../../http/problem.ts";
import type { Session } from "../../http/session.ts";
import { audit } from "../audit/index.ts";
import { INVITATION_MS, makePasswordLink } from "../auth/index.ts";
import type { UsersDeps } from "./deps.ts";
import { requireUser } from "./store.ts";

/**
 * A link with which a user of the business chooses a password; the owner hands it on. What they
 * have stays good until they do.
 * @throws 404; 409 for somebody who is suspended
 */
export async function linkForUser(
  { clock, public_base_url }: UsersDeps,
  tx: BusinessTx,
  actor: Session,
  id: number,
): Promise<z.input<typeof PasswordLink>> {
  const user = await requireUser(tx, id);
  if (user.status === "suspended") {
    throw problem(409, "suspended", "This user is suspended; reinstate them first.");
  }
  const expires_at = new Date(clock.now() + INVITATION_MS);
  const url = await makePasswordLink(tx, id, { public_base_url, expires_at });
  await audit(tx, { actor, action: "user.invited", subject: `user:${id}` });
  return { url, expires_at: expires_at.toISOString() };
}
