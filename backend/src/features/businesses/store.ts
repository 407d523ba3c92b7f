import type { Business, BusinessCreate, BusinessPatch } from "@agentlocator/contract";
import type { SystemTx } from "../../db/database.ts";
import { unlessViolated } from "../../db/violation.ts";
import { notFound, problem } from "../../http/problem.ts";
import type { Session } from "../../http/session.ts";
import { audit } from "../audit/index.ts";
import { insertSettings } from "../settings/index.ts";
import { newBusinessDefaults } from "./defaults.ts";
import { claimNumbers, ownNumber } from "./numbers.ts";

/** @throws 404 */
export async function requireBusiness(tx: SystemTx, id: number): Promise<Business> {
  const business = await tx.trx<Business>("businesses").where("id", id).first();
  if (!business) throw notFound("This business");
  return business;
}

/**
 * Makes a business that can take calls at once: its owner, its settings and its first calendar.
 * @throws 400 for a number that is none; 409 when the number or the owner's address is taken
 */
export async function createBusiness(
  tx: SystemTx,
  actor: Session | null,
  given: Omit<BusinessCreate, "owner">,
  owner: { email: string; name: string; password_hash: string },
): Promise<Business> {
  const phone_number = ownNumber("phone_number", given.phone_number);
  const whatsapp_number =
    given.whatsapp_number === undefined
      ? null
      : ownNumber("whatsapp_number", given.whatsapp_number);
  await claimNumbers(tx, [phone_number, whatsapp_number], null);
  const { name, timezone, locale } = given;
  const [business] = await tx
    .trx("businesses")
    .insert({ name, timezone, locale, phone_number, whatsapp_number })
    .returning<Business[]>("*");
  const business_id = business!.id;
  const made = await unlessViolated(tx, "users_email_key", (trx) =>
    trx("users").insert({ ...owner, business_id, role: "owner" }),
  );
  if (!made) {
    throw problem(409, "email_taken", "This e-mail address has an account already.", {
      errors: [{ path: "body.owner.email", message: "has an account already" }],
    });
  }
  const defaults = newBusinessDefaults({ name, timezone, locale });
  await insertSettings(tx, business_id, defaults.settings);
  await tx.trx("calendars").insert({ business_id, name: defaults.calendar });
  await audit(tx, { actor, action: "business.created", business_id });
  return business!;
}

/**
 * Changes a business. Suspending it signs its users out at once.
 * @throws 400, 404, 409 as for `createBusiness`
 */
export async function updateBusiness(
  tx: SystemTx,
  actor: Session,
  id: number,
  patch: BusinessPatch,
): Promise<Business> {
  const before = await requireBusiness(tx, id);
  const { phone_number, whatsapp_number, ...rest } = patch;
  const change: BusinessPatch = { ...rest };
  if (phone_number !== undefined) {
    change.phone_number = phone_number === null ? null : ownNumber("phone_number", phone_number);
  }
  if (whatsapp_number !== undefined) {
    change.whatsapp_number =
      whatsapp_number === null ? null : ownNumber("whatsapp_number", whatsapp_number);
  }
  if (Object.keys(change).length === 0) return before;
  await claimNumbers(tx, [change.phone_number, change.whatsapp_number], id);
  const [business] = await tx
    .trx("businesses")
    .where({ id })
    .update(change)
    .returning<Business[]>("*");
  if (change.timezone) {
    await tx.trx("settings").where("business_id", id).update({ timezone: change.timezone });
  }
  if (change.status === "suspended") {
    const users = tx.trx("users").where("business_id", id).select("id");
    await tx.trx("sessions").whereIn("user_id", users).delete();
  }
  await audit(tx, {
    actor,
    action: "business.changed",
    business_id: id,
    detail: { fields: Object.keys(change), ...(change.status && { status: change.status }) },
  });
  return business!;
}
