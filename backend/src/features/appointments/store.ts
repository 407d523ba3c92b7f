import type { Appointment } from "@agentlocator/contract";
import type { Knex } from "knex";
import type { BusinessTx } from "../../db/database.ts";
import { unlessViolated } from "../../db/violation.ts";
import { pageByTime, type Page, type PageAsked } from "../../http/page-by-time.ts";
import type { Span } from "./availability.ts";

const COLUMNS = [
  "appointments.id",
  "calendar_id",
  "contact_id",
  "title",
  "starts_at",
  "ends_at",
  "status",
  "source",
  "call_sid",
  "thread_id",
] as const;
const NO_OVERLAP = "appointments_no_overlap";

function appointments(tx: BusinessTx): Knex.QueryBuilder {
  return tx
    .trx("appointments")
    .leftJoin("contacts", "contacts.id", "appointments.contact_id")
    .select(COLUMNS)
    .select("contacts.name as contact_name");
}

export interface AppointmentFilter {
  /** Only those that touch `[from, to)`. */
  from?: string | undefined;
  to?: string | undefined;
  status?: Appointment["status"] | undefined;
  contact_id?: number | undefined;
  calendar_id?: number | undefined;
}

export function listAppointments(
  tx: BusinessTx,
  { from, to, status, contact_id, calendar_id, ...asked }: PageAsked & AppointmentFilter,
): Promise<Page<Appointment>> {
  const query = appointments(tx);
  if (from) void query.where("ends_at", ">", from);
  if (to) void query.where("starts_at", "<", to);
  if (status) void query.where("status", status);
  if (contact_id) void query.where("contact_id", contact_id);
  if (calendar_id) void query.where("calendar_id", calendar_id);
  return pageByTime(query, asked, { at: "starts_at", id: "appointments.id" });
}

export async function findAppointment(tx: BusinessTx, id: number): Promise<Appointment | null> {
  return (await appointments(tx).where("appointments.id", id).first()) ?? null;
}

/** The customer's booked appointments from `from` on, the next one first. */
export function bookedOf(
  tx: BusinessTx,
  { contact_id, thread_id, from }: { contact_id: number | null; thread_id: number; from: Date },
): Promise<Appointment[]> {
  return appointments(tx)
    .where("status", "booked")
    .where("ends_at", ">", from)
    .where((theirs) => {
      void theirs.where("thread_id", thread_id);
      if (contact_id !== null) void theirs.orWhere("contact_id", contact_id);
    })
    .orderBy("starts_at")
    .limit(10);
}

/** What is booked in a calendar and touches the span. */
export async function bookedIn(
  tx: BusinessTx,
  calendar_id: number,
  { starts_at, ends_at }: Span,
): Promise<(Span & { id: number })[]> {
  const rows: { id: number; starts_at: string; ends_at: string }[] = await tx
    .trx("appointments")
    .where({ calendar_id, status: "booked" })
    .where("ends_at", ">", starts_at)
    .where("starts_at", "<", ends_at)
    .select("id", "starts_at", "ends_at");
  return rows.map(({ id, ...row }) => ({
    id,
    starts_at: new Date(row.starts_at),
    ends_at: new Date(row.ends_at),
  }));
}

export interface NewAppointment extends Span {
  calendar_id: number;
  contact_id: number | null;
  title: string;
  source: Appointment["source"];
  call_sid?: string | null;
  thread_id?: number | null;
}

/** The new id, or null when something booked overlaps it: the database decides a race. */
export function insertAppointment(
  tx: BusinessTx,
  appointment: NewAppointment,
): Promise<number | null> {
  return unlessViolated(tx, NO_OVERLAP, async (trx) => {
    const row = { business_id: tx.business_id, ...appointment };
    const [{ id }] = await trx("appointments").insert(row).returning("id");
    return id;
  });
}

export interface AppointmentChanges extends Partial<Span> {
  contact_id?: number | null | undefined;
  title?: string | undefined;
  status?: Appointment["status"] | undefined;
}

/** False when the changed one would overlap something booked; nothing is changed then. */
export async function updateAppointment(
  tx: BusinessTx,
  id: number,
  changes: AppointmentChanges,
): Promise<boolean> {
  const updated = await unlessViolated(tx, NO_OVERLAP, (trx) =>
    trx("appointments").where({ id }).update(changes),
  );
  return updated !== null;
}

export async function deleteAppointment(tx: BusinessTx, id: number): Promise<boolean> {
  return (await tx.trx("appointments").where({ id }).delete()) > 0;
}
