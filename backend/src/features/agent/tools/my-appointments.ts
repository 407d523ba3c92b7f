import { z } from "zod";
import { bookedOf } from "../../appointments/index.ts";
import { spokenSlot } from "../slots.ts";
import { defineTool } from "../tool.ts";

export const myAppointments = defineTool({
  name: "my_appointments",
  description: "The customer's own coming appointments, with the appointment_id of each.",
  input: z.object({}),
  async run(scope) {
    const { tx, thread, now } = scope;
    const { contact_id, id: thread_id } = thread;
    const booked = await bookedOf(tx, { contact_id, thread_id, from: now.toJSDate() });
    const appointments = booked.map(({ id, title, starts_at }) => ({
      appointment_id: id,
      title,
      ...spokenSlot(scope, starts_at),
    }));
    return { output: { ok: true, appointments } };
  },
});
