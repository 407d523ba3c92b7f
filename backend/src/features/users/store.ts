import type { TeamMember } from "@agentlocator/contract";
import type { BusinessTx } from "../../db/database.ts";
import { unlessViolated } from "../../db/violation.ts";
import { notFound, problem } from "../../http/problem.ts";

const columns = ({ trx }: BusinessTx) => [
  ...["id", "business_id", "email", "name", "role", "status", "created_at"],
  trx.raw("password_hash is null as invited"),
];

export const users = (tx: BusinessTx) => tx.trx("users").select(columns(tx));

/** @throws 404 */
export async function requireUser(tx: BusinessTx, id: number): Promise<TeamMember> {
  const user = await users(tx).where({ id }).first<TeamMember | undefined>();
  if (!user) throw notFound("This user");
  return user;
}

/** @throws 409 when the address has an account, in whichever business */
export async function insertUser(
  tx: BusinessTx,
  user: Pick<TeamMember, "email" | "name" | "role"> & { password_hash: string | null },
): Promise<TeamMember> {
  const { business_id } = tx;
  const made = await unlessViolated(tx, "users_email_key", (trx) =>
    trx("users")
      .insert({ ...user, business_id })
      .returning<TeamMember[]>(columns(tx) as never),
  );
  if (made) return made[0]!;
  throw problem(409, "email_taken", "This e-mail address has an account already.", {
    errors: [{ path: "body.email", message: "has an account already" }],
  });
}

export async function updateUser(
  tx: BusinessTx,
  id: number,
  change: Partial<Pick<TeamMember, "name" | "role" | "status"> & { password_hash: string }>,
): Promise<TeamMember> {
  const [user] = await tx
    .trx("users")
    .where({ id })
    .update(change)
    .returning<TeamMember[]>(columns(tx) as never);
  return user!;
}

/** Signs a user out everywhere. */
export async function endSessions(tx: BusinessTx, user_id: number): Promise<void> {
  await tx.trx("sessions").where({ user_id }).delete();
}

/** The owners who can sign in, held as they are until the commit. */
export async function lockOwners(tx: BusinessTx): Promise<number[]> {
  return tx
    .trx("users")
    .where({ role: "owner", status: "active" })
    .orderBy("id")
    .forUpdate()
    .pluck("id");
}
