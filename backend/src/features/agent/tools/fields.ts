import { DateTime } from "luxon";
import { z } from "zod";

/** Fields that several tools share, described as the model reads them. */
export const DateField = z
  .string()
  // Short, because the model is sent it; whether there is such a day is looked at here.
  .regex(/^\d{4}-\d\d-\d\d$/, "YYYY-MM-DD")
  .refine((date) => DateTime.fromISO(date).isValid, "no such day")
  .describe("Calendar day, YYYY-MM-DD");

export const TimeField = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "HH:MM")
  .describe("Exact time of day in the business's zone, 24 hours, HH:MM");

export const AppointmentField = z
  .int()
  .positive()
  .max(2_147_483_647)
  .describe("appointment_id as my_appointments gave it");
