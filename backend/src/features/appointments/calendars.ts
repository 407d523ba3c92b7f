import type { BusinessTx } from "../../db/database.ts";
import { notFound } from "../../http/problem.ts";

/** The business's first calendar, in which the agent books; made when there is none. */
export async function defaultCalendar(tx: BusinessTx): Promise<number> {
  const first = () => tx.trx("calendars").orderBy("id").first("id");
  const known = await first();
  if (known) return known.id;
  // Two first bookings at once must not make two calendars, which could then overlap.
  await tx.trx.raw("select pg_advisory_xact_lock(hashtext('calendars'), ?)", [tx.business_id]);
  const made = await first();
  if (made) return made.id;
  const row = { business_id: tx.business_id, name: "יומן" };
  const [{ id }] = await tx.trx("calendars").insert(row).returning("id");
  return id;
}

/** Throws the 404 problem when the business has no such calendar. */
export async function requireCalendar(tx: BusinessTx, id: number): Promise<number> {
  const calendar = await tx.trx("calendars").where({ id }).first("id");
  if (!calendar) throw notFound("This calendar");
  return id;
}
