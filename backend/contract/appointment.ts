import { z } from "zod";
import { GivenTime, Id, Time } from "./common.ts";

export const AppointmentStatus = z.enum(["booked", "cancelled", "done", "no_show"]);

export const Appointment = z
  .object({
    id: Id,
    calendar_id: Id,
    contact_id: Id.nullable(),
    contact_name: z.string().nullable(),
    title: z.string(),
    starts_at: Time,
    ends_at: Time,
    status: AppointmentStatus,
    source: z.enum(["call", "whatsapp", "console"]),
    call_sid: z.string().nullable(),
    thread_id: Id.nullable(),
  })
  .meta({ id: "Appointment" });
export type Appointment = z.infer<typeof Appointment>;

export const AppointmentCreate = z
  .strictObject({
    calendar_id: Id.optional(),
    contact_id: Id.nullable().optional(),
    title: z.string().trim().max(300).default(""),
    starts_at: GivenTime,
    ends_at: GivenTime.optional(),
  })
  .meta({ id: "AppointmentCreate" });

export const AppointmentPatch = z
  .strictObject({
    contact_id: Id.nullable(),
    title: z.string().trim().max(300),
    starts_at: GivenTime,
    ends_at: GivenTime,
    status: AppointmentStatus,
  })
  .partial()
  .meta({ id: "AppointmentPatch" });

/** A bookable slot. */
export const Slot = z.object({ starts_at: Time, ends_at: Time }).meta({ id: "Slot" });
export type Slot = z.infer<typeof Slot>;
