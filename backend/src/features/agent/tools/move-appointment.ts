import { z } from "zod";
import { findAppointment } from "../../appointments/index.ts";
import { propose } from "../propose.ts";
import { defineTool, isTheirs, refused } from "../tool.ts";
import { AppointmentField, DateField, TimeField } from "./fields.ts";

export const moveAppointmentTool = defineTool({
  name: "move_appointment",
  description:
    "Puts a new time for one of the customer's appointments before them. It moves nothing yet: read " +
    "back the new day, date and hour, ask for a yes, then call confirm_appointment.",
  input: z.object({ appointment_id: AppointmentField, date: DateField, time: TimeField }),
  async run(scope, { appointment_id, date, time }) {
    const known = await findAppointment(scope.tx, appointment_id);
    if (!known || !isTheirs(scope, known)) return refused("no_such_appointment");
    if (known.status !== "booked") return refused("appointment_is_not_booked");
    const { title } = known;
    return propose(scope, { date, time, title, customer_name: "", appointment_id });
  },
});
