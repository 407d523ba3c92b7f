import { z } from "zod";
import { propose, proposeDay } from "../propose.ts";
import { defineTool } from "../tool.ts";
import { DateField, TimeField } from "./fields.ts";

export const proposeSlot = defineTool({
  name: "propose_slot",
  description:
    "Puts one appointment time before the customer. It books nothing: afterwards read back the day, " +
    "the date and the hour and ask for a yes. Leave out the time when only the day is known.",
  input: z.object({
    date: DateField,
    time: TimeField.optional(),
    service: z.string().trim().max(200).optional().describe("What the appointment is for"),
    customer_name: z.string().trim().max(100).optional().describe("Only as the customer gave it"),
  }),
  run(scope, { date, time, service = "", customer_name = "" }) {
    if (time === undefined) return proposeDay(scope, date);
    return propose(scope, { date, time, title: service, customer_name, appointment_id: null });
  },
});
