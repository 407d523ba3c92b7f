import { DateTime } from "luxon";
import {
  book,
  checkSlot,
  findAppointment,
  moveAppointment,
  type Span,
} from "../appointments/index.ts";
import { nameContact } from "./customer.ts";
import type { CompleteSlot } from "./pending-slot.ts";
import { nearbySlots, spokenSlot } from "./slots.ts";
import { isTheirs, refused, type ToolOutcome, type ToolScope } from "./tool.ts";

/**
 * Books the pending slot, or moves the appointment it is about, and clears it either way. When the
 * time was taken in between, or the business has closed it, nothing is booked and the answer
 * carries other times.
 */
export async function confirmPending(scope: ToolScope, slot: CompleteSlot): Promise<ToolOutcome> {
  await scope.setPending(null);
  const span = { starts_at: new Date(slot.starts_at), ends_at: new Date(slot.ends_at) };
  const { when } = spokenSlot(scope, span.starts_at);
  const id = (await isOpen(scope, slot, span)) ? await settle(scope, slot, span) : null;
  if (id === null) {
    scope.log.info({ starts_at: slot.starts_at }, "[NLP] confirmed slot is taken or closed");
    const at = DateTime.fromJSDate(span.starts_at, { zone: scope.settings.timezone });
    const alternatives = await nearbySlots(scope, at, slot.appointment_id ?? undefined);
    return refused("taken", { message: scope.phrases.taken(when), alternatives });
  }
  scope.log.info({ appointment_id: id, starts_at: slot.starts_at }, "[NLP] pending slot confirmed");
  const done = slot.appointment_id === null ? scope.phrases.booked : scope.phrases.moved;
  return { output: { ok: true, appointment_id: id, when, message: done(when) } };
}

/** Whether the business still offers the time: hours may have changed since it was proposed. */
async function isOpen(scope: ToolScope, slot: CompleteSlot, span: Span): Promise<boolean> {
  const found = await checkSlot(scope.tx, scope.settings, span.starts_at, {
    not_before: scope.now.toJSDate(),
    except_id: slot.appointment_id ?? undefined,
  });
  return typeof found !== "string";
}

/** The id of what was booked or moved; null when another booking was faster. */
async function settle(scope: ToolScope, slot: CompleteSlot, span: Span): Promise<number | null> {
  const { tx, thread, call_sid, channel } = scope;
  if (slot.appointment_id !== null) {
    const known = await findAppointment(tx, slot.appointment_id);
    if (!known || !isTheirs(scope, known)) return null;
    const moved = await moveAppointment(tx, known.id, span);
    return moved?.id ?? null;
  }
  const contact_id = await nameContact(scope, slot.customer_name);
  const booked = await book(tx, {
    ...span,
    contact_id,
    title: slot.title,
    source: channel,
    call_sid,
    thread_id: thread.id,
  });
  return booked?.id ?? null;
}
