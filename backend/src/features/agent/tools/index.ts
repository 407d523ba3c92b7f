import { z } from "zod";
import type { Channel, Tool } from "../tool.ts";
import { cancelAppointment } from "./cancel-appointment.ts";
import { confirmAppointment } from "./confirm-appointment.ts";
import { endCall } from "./end-call.ts";
import { findFreeSlots } from "./find-free-slots.ts";
import { leaveMessage } from "./leave-message.ts";
import { moveAppointmentTool } from "./move-appointment.ts";
import { myAppointments } from "./my-appointments.ts";
import { proposeSlot } from "./propose-slot.ts";
import { transferToPerson } from "./transfer-to-person.ts";

const TOOLS: readonly Tool[] = [
  findFreeSlots,
  proposeSlot,
  confirmAppointment,
  moveAppointmentTool,
  cancelAppointment,
  myAppointments,
  leaveMessage,
  transferToPerson,
  endCall,
];

/** A function as a model is told of it; `parameters` is a JSON schema. */
export interface ToolDefinition {
  name: string;
  description: string;
  parameters: Record<string, unknown>;
}

/** The tools of a channel, for the model. */
export function toolDefinitions(channel: Channel): ToolDefinition[] {
  return TOOLS.filter((tool) => tool.channels.includes(channel)).map(
    ({ name, description, input }) => {
      const { $schema: _, ...parameters } = z.toJSONSchema(input, { io: "input" });
      return { name, description, parameters };
    },
  );
}

/** The tool of that name, when the channel has it. */
export function findTool(channel: Channel, name: string): Tool | null {
  return TOOLS.find((tool) => tool.name === name && tool.channels.includes(channel)) ?? null;
}
