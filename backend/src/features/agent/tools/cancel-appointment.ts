import { z } from "zod";
import { changeAppointment, findAppointment } from "../../appointments/index.ts";
import { spokenSlot } from "../slots.ts";
import { defineTool, isTheirs, refused } from "../tool.ts";
import { AppointmentField } from "./fields.ts";

export const cancelAppointment = defineTool({
  name: "cancel_appointment",
  description:
    "Cancels one of the customer's own appointments. Say which one it is and ask first; it can't be undone.",
  input: z.object({ appointment_id: AppointmentField }),
  async run(scope, { appointment_id }) {
    const known = await findAppointment(scope.tx, appointment_id);
    if (!known || !isTheirs(scope, known)) return refused("no_such_appointment");
    const { when } = spokenSlot(scope, known.starts_at);
    if (known.status === "booked") {
      await changeAppointment(scope.tx, appointment_id, { status: "cancelled" });
      scope.log.info({ appointment_id }, "[NLP] appointment cancelled by the customer");
    } else if (known.status !== "cancelled") {
      return refused("appointment_is_over");
    }
    // What was pending may have been a new time for this very appointment.
    await scope.setPending(null);
    return { output: { ok: true, appointment_id, cancelled: when } };
  },
});
