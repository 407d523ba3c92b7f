import type { Appointment, Settings } from "@agentlocator/contract";
import type { DateTime } from "luxon";
import type { z } from "zod";
import type { BusinessTx, Database } from "../../db/database.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Logger } from "../../platform/log.ts";
import type { CustomerTurn, PendingState, PendingSlot } from "./pending-slot.ts";
import type { Phrases } from "./phrases.ts";

export type Channel = "call" | "whatsapp";

/** The conversation in which a tool is called. */
export interface ToolContext {
  db: Database;
  log: Logger;
  clock: Clock;
  business_id: number;
  thread_id: number;
  channel: Channel;
  /** The call of the conversation, when it is one. */
  call_sid: string | null;
  /** The customer's latest turn; null when they have not spoken, or could not be understood. */
  last_turn: CustomerTurn | null;
  /** In a chat, the last message that the agent knows of. */
  message_id?: number;
  /** Once aborted, what the tool did is undone. */
  signal?: AbortSignal | undefined;
}

/** What a tool came to. The same for a tool call that is repeated. */
export interface ToolOutcome {
  /** Given to the model as JSON: `ok`, and when not ok a `reason` to go by. */
  output: { ok: boolean } & Record<string, unknown>;
  /** When set, the agent says exactly this. */
  say?: string;
  effect?: "end_call" | "transfer";
}

/** What a tool sees while it runs: one transaction, with the conversation locked. */
export interface ToolScope {
  tx: BusinessTx;
  settings: Settings;
  phrases: Phrases;
  /** In the business's zone. */
  now: DateTime;
  thread: { id: number; contact_id: number | null };
  channel: Channel;
  call_sid: string | null;
  message_id: number | null;
  turn: CustomerTurn | null;
  pending: PendingState;
  setPending(slot: PendingSlot | null): Promise<void>;
  log: Logger;
}

export interface Tool {
  name: string;
  description: string;
  channels: readonly Channel[];
  input: z.ZodObject;
  run(scope: ToolScope, input: never): Promise<ToolOutcome>;
}

/** Declares a tool; `run` gets input that fits the schema. */
export function defineTool<S extends z.ZodObject>(
  tool: Omit<Tool, "input" | "run" | "channels"> & {
    channels?: readonly Channel[];
    input: S;
    run(scope: ToolScope, input: z.output<S>): Promise<ToolOutcome>;
  },
): Tool {
  return { channels: ["call", "whatsapp"], ...tool } as Tool;
}

export const refused = (reason: string, more: Record<string, unknown> = {}): ToolOutcome => ({
  output: { ok: false, reason, ...more },
});

/** Whose appointment it is: the contact's, or of this conversation when the number is withheld. */
export function isTheirs(scope: ToolScope, appointment: Appointment): boolean {
  const { contact_id, id } = scope.thread;
  const contacts = contact_id !== null && appointment.contact_id === contact_id;
  return contacts || appointment.thread_id === id;
}
