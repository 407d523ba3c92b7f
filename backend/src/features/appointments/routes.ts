import {
  GivenTime,
  Appointment,
  AppointmentCreate,
  AppointmentPatch,
  Id,
  page,
  PageQuery,
} from "@agentlocator/contract";
import { z } from "zod";
import { defineRoute, type Route } from "../../http/route.ts";
import { requireContact } from "../contacts/index.ts";
import { loadSettings } from "../settings/index.ts";
import { availability } from "./availability-route.ts";
import { requireCalendar } from "./calendars.ts";
import {
  book,
  changeAppointment,
  endsBeforeItStarts,
  removeAppointment,
  requireAppointment,
  slotTaken,
} from "./service.ts";
import { listAppointments } from "./store.ts";

const params = z.strictObject({ id: Id });
const filter = z.object({
  from: GivenTime.optional(),
  to: GivenTime.optional(),
  status: Appointment.shape.status.optional(),
  contact_id: Id.optional(),
  calendar_id: Id.optional(),
});

export function appointmentRoutes(): Route[] {
  return [
    availability,
    defineRoute({
      id: "listAppointments",
      method: "get",
      path: "/api/appointments",
      summary: "Appointments that touch [from, to), the latest first",
      access: { business: "appointments.read" },
      query: PageQuery.extend(filter.shape),
      response: page(Appointment),
      handler: ({ tx, query }) => listAppointments(tx, query),
    }),
    defineRoute({
      id: "getAppointment",
      method: "get",
      path: "/api/appointments/{id}",
      summary: "One appointment",
      access: { business: "appointments.read" },
      params,
      response: Appointment,
      handler: ({ tx, params: { id } }) => requireAppointment(tx, id),
    }),
    defineRoute({
      id: "createAppointment",
      method: "post",
      path: "/api/appointments",
      summary: "Books at any time of day; 409 when another appointment overlaps",
      access: { business: "appointments.write" },
      body: AppointmentCreate,
      response: Appointment,
      status: 201,
      handler: async ({ tx, body }) => {
        if (body.contact_id) await requireContact(tx, body.contact_id);
        if (body.calendar_id) await requireCalendar(tx, body.calendar_id);
        const starts_at = new Date(body.starts_at);
        const ends_at = body.ends_at ? new Date(body.ends_at) : await slotEnd(starts_at);
        if (ends_at <= starts_at) throw endsBeforeItStarts();
        const { calendar_id, contact_id = null, title } = body;
        const what = { calendar_id, contact_id, title, starts_at, ends_at };
        const booked = await book(tx, { ...what, source: "console" });
        if (!booked) throw slotTaken();
        return booked;

        async function slotEnd(start: Date): Promise<Date> {
          const { slot_minutes } = await loadSettings(tx);
          return new Date(start.getTime() + slot_minutes * 60_000);
        }
      },
    }),
    defineRoute({
      id: "updateAppointment",
      method: "patch",
      path: "/api/appointments/{id}",
      summary: "Moves, cancels or changes an appointment; 409 when another overlaps",
      access: { business: "appointments.write" },
      params,
      body: AppointmentPatch,
      response: Appointment,
      handler: ({ tx, params: { id }, body: { starts_at, ends_at, ...rest } }) =>
        changeAppointment(tx, id, {
          ...rest,
          ...(starts_at && { starts_at: new Date(starts_at) }),
          ...(ends_at && { ends_at: new Date(ends_at) }),
        }),
    }),
    defineRoute({
      id: "deleteAppointment",
      method: "delete",
      path: "/api/appointments/{id}",
      summary: "Removes an appointment",
      access: { business: "appointments.write" },
      params,
      response: z.void(),
      status: 204,
      handler: ({ tx, params: { id } }) => removeAppointment(tx, id),
    }),
  ];
}
