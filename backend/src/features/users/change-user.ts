import type { TeamMember } from "@agentlocator/contract";
import type { BusinessTx } from "../../db/database.ts";
import { problem } from "../../http/problem.ts";
import type { Session } from "../../http/session.ts";
import { audit } from "../audit/index.ts";
import { dropPasswordLinks } from "../auth/index.ts";
import { endSessions, lockOwners, requireUser, updateUser } from "./store.ts";

export interface UserChange {
  name?: string | undefined;
  role?: "owner" | "agent" | undefined;
  status?: "active" | "suspended" | undefined;
  password_hash?: string | undefined;
}

/**
 * Changes a user of the business. Suspension and a new password sign the user out everywhere.
 * @throws 404; 409 for what would lock the business or oneself out
 */
export async function changeUser(
  tx: BusinessTx,
  actor: Session,
  id: number,
  change: UserChange,
): Promise<TeamMember> {
  const owners = await lockOwners(tx);
  const user = await requireUser(tx, id);
  const demoted = change.role !== undefined && change.role !== user.role;
  const suspended = change.status === "suspended" && user.status === "active";
  if (id === actor.user.id && (demoted || suspended || change.password_hash !== undefined)) {
    throw problem(409, "oneself", "Another owner has to change this about yourself.");
  }
  const last = owners.length === 1 && owners[0] === id;
  if (last && (suspended || change.role === "agent")) {
    throw problem(409, "last_owner", "The business needs an owner who can sign in.");
  }
  const fields = Object.keys(change).map((name) => name.replace("password_hash", "password"));
  if (fields.length === 0) return user;
  const changed = await updateUser(tx, id, change as Partial<TeamMember>);
  if (suspended || change.password_hash !== undefined) {
    await endSessions(tx, id);
    await dropPasswordLinks(tx, id);
  }
  await audit(tx, {
    actor,
    action: suspended ? "user.suspended" : "user.changed",
    subject: `user:${id}`,
    detail: { fields },
  });
  return changed;
}
