import type { Appointment } from "@agentlocator/contract";
import type { BusinessTx } from "../../db/database.ts";
import { notFound, problem } from "../../http/problem.ts";
import { requireContact } from "../contacts/index.ts";
import { freeSlots, slotIsOffered, type Diary, type Span } from "./availability.ts";
import { defaultCalendar } from "./calendars.ts";
import {
  bookedIn,
  deleteAppointment,
  findAppointment,
  insertAppointment,
  updateAppointment,
  type AppointmentChanges,
  type NewAppointment,
} from "./store.ts";

/** Throws the 404 problem when the business has no such appointment. */
export async function requireAppointment(tx: BusinessTx, id: number): Promise<Appointment> {
  const appointment = await findAppointment(tx, id);
  if (!appointment) throw notFound("This appointment");
  return appointment;
}

/**
 * Books. Null when something booked overlaps, also when that is a booking of the same instant in
 * another transaction: the one that commits first has the slot.
 */
export async function book(
  tx: BusinessTx,
  appointment: Omit<NewAppointment, "calendar_id"> & { calendar_id?: number | undefined },
): Promise<Appointment | null> {
  const calendar_id = appointment.calendar_id ?? (await defaultCalendar(tx));
  const id = await insertAppointment(tx, { ...appointment, calendar_id });
  if (id === null) return null;
  const { call_sid } = appointment;
  if (call_sid) {
    await tx.trx("calls").where({ call_sid }).update({ appointment_id: id });
    tx.emit("call", { call_sid });
  }
  tx.emit("appointment", { id });
  return requireAppointment(tx, id);
}

/**
 * Changes an appointment. A new start without a new end keeps the length.
 * Throws 404, 400 when it would end before it starts, 409 `slot_taken` when it would overlap.
 */
export async function changeAppointment(
  tx: BusinessTx,
  id: number,
  changes: AppointmentChanges,
): Promise<Appointment> {
  const known = await requireAppointment(tx, id);
  if (Object.keys(changes).length === 0) return known;
  if (changes.contact_id) await requireContact(tx, changes.contact_id);
  const span = movedSpan(known, changes);
  if (span.ends_at <= span.starts_at) throw endsBeforeItStarts();
  if (!(await updateAppointment(tx, id, { ...changes, ...span }))) throw slotTaken();
  tx.emit("appointment", { id });
  return requireAppointment(tx, id);
}

/** Moves a booked appointment. Null when it is not booked any more or the time is taken. */
export async function moveAppointment(
  tx: BusinessTx,
  id: number,
  { starts_at, ends_at }: Span,
): Promise<Appointment | null> {
  const known = await findAppointment(tx, id);
  if (known?.status !== "booked") return null;
  if (!(await updateAppointment(tx, id, { starts_at, ends_at }))) return null;
  tx.emit("appointment", { id });
  return requireAppointment(tx, id);
}

/** Throws 404 when there is no such appointment. */
export async function removeAppointment(tx: BusinessTx, id: number): Promise<void> {
  if (!(await deleteAppointment(tx, id))) throw notFound("This appointment");
  tx.emit("appointment", { id });
}

export interface FreeQuery {
  from: Date;
  to: Date;
  not_before: Date;
  calendar_id?: number | undefined;
  /** An appointment that is being moved does not stand in its own way. */
  except_id?: number | undefined;
}

/** The slots of a calendar that can be booked, in order. */
export async function freeSlotsIn(
  tx: BusinessTx,
  diary: Diary,
  { from, to, not_before, calendar_id, except_id }: FreeQuery,
): Promise<Span[]> {
  const calendar = calendar_id ?? (await defaultCalendar(tx));
  const booked = await bookedIn(tx, calendar, {
    starts_at: from,
    ends_at: endOfLastSlot(diary, to),
  });
  const taken = booked.filter(({ id }) => id !== except_id);
  return freeSlots(diary, { from, to, taken, not_before });
}

/** Why a start can't be booked, or the slot when it can. */
export async function checkSlot(
  tx: BusinessTx,
  diary: Diary,
  starts_at: Date,
  { not_before, except_id }: Pick<FreeQuery, "not_before" | "except_id">,
): Promise<Span | "past" | "not_offered" | "taken"> {
  if (starts_at < not_before) return "past";
  const slot = slotIsOffered(diary, starts_at);
  if (!slot) return "not_offered";
  const booked = await bookedIn(tx, await defaultCalendar(tx), slot);
  return booked.some(({ id }) => id !== except_id) ? "taken" : slot;
}

/** A slot that starts just before `to` may meet what is booked after it. */
function endOfLastSlot({ slot_minutes }: Diary, to: Date): Date {
  return new Date(to.getTime() + slot_minutes * 60_000);
}

function movedSpan(known: Appointment, { starts_at, ends_at }: Partial<Span>): Span {
  const [from, until] = [new Date(known.starts_at), new Date(known.ends_at)];
  const start = starts_at ?? from;
  const kept = new Date(start.getTime() + until.getTime() - from.getTime());
  return { starts_at: start, ends_at: ends_at ?? (starts_at ? kept : until) };
}

export const slotTaken = () =>
  problem(409, "slot_taken", "Another appointment of this calendar overlaps that time.");

export const endsBeforeItStarts = () =>
  problem(400, "invalid_input", "The appointment would end before it starts.", {
    errors: [{ path: "body.ends_at", message: "must be after starts_at" }],
  });
