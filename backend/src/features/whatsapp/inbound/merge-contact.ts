import type { BusinessTx } from "../../../db/database.ts";
import { audit } from "../../audit/index.ts";

/** Every table with a contact in it. */
export const TABLES_WITH_CONTACT = ["threads", "calls", "appointments", "tasks"];

/**
 * Makes one contact of two: what refers to the first refers to the second, which takes what it did
 * not know itself, and the first is gone. Their WhatsApp threads have to be one already.
 */
export async function mergeContact(tx: BusinessTx, from: number, into: number): Promise<void> {
  const { trx } = tx;
  const moved: Record<string, number> = {};
  for (const table of TABLES_WITH_CONTACT) {
    const count = await trx(table).where("contact_id", from).update({ contact_id: into });
    if (count > 0) moved[table] = count;
  }
  const [gone] = await trx("contacts").where("id", from).delete().returning("*");
  await trx("contacts")
    .where("id", into)
    .update({
      name: trx.raw("case when name = '' then ? else name end", [gone.name]),
      opted_out_at: trx.raw("least(opted_out_at, ?::timestamptz)", [gone.opted_out_at]),
      created_at: trx.raw("least(created_at, ?::timestamptz)", [gone.created_at]),
    });
  const detail = { merged_contact_id: from, moved };
  await audit(tx, { actor: null, action: "contact.merged", subject: `contact:${into}`, detail });
  const appointments = await trx("appointments").where("contact_id", into).pluck("id");
  const tasks = await trx("tasks").where("contact_id", into).pluck("id");
  for (const id of appointments) tx.emit("appointment", { id });
  for (const id of tasks) tx.emit("task", { id });
}
