import { z } from "zod";

/** Fields that several tools share, described as the model reads them. */
export const DateField = z.iso.date().describe("Calendar day, YYYY-MM-DD");

export const TimeField = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "HH:MM")
  .describe("Exact time of day in the business's zone, 24 hours, HH:MM");

export const AppointmentField = z
  .int()
  .positive()
  .describe("appointment_id as my_appointments gave it");
