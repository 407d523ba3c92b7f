/** What the receptionist knows, read out of the conversation itself. */
import type { BrainItem, BrainState } from "./brain.ts";

/** A free time as find_free_slots gives it: `YYYY-MM-DD` and `HH:MM`. */
export interface FreeTime {
  date: string;
  time: string;
}

export type ToolOutput = Record<string, unknown>;

/** A tool's output as an object; empty when it is something else. */
export function parsed(output: string): ToolOutput {
  try {
    const value: unknown = JSON.parse(output);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** What the caller said last; null when nothing yet. */
export function lastSaid(items: readonly BrainItem[]): string | null {
  const said = items.findLast((item) => item.type === "message" && item.role === "user");
  return said?.type === "message" ? said.text : null;
}

/** The free times found last that were not put before the caller since. */
export function freeTimes({ items }: BrainState): FreeTime[] {
  const at = items.findLastIndex((item) => isOutput(item, "find_free_slots"));
  const found = items[at];
  if (found?.type !== "function_call_output") return [];
  const offered = items.slice(at).filter((item) => isOffer(item)).length;
  const { days = [] } = parsed(found.output) as { days?: { date: string; times: string[] }[] };
  return days.flatMap(({ date, times }) => times.map((time) => ({ date, time }))).slice(offered);
}

/** The day talked about last: of the latest offer, else tomorrow. `YYYY-MM-DD` */
export function talkedDate({ items }: BrainState): string {
  const offer = items.findLast((item) => isOffer(item));
  const { date } = offer?.type === "function_call" ? parsed(offer.arguments) : {};
  return typeof date === "string" ? date : dateIn(1);
}

/** The caller's first coming appointment, as my_appointments told it. */
export function ownAppointment(items: readonly BrainItem[]): { id: unknown; when: string } | null {
  const found = items.findLast((item) => isOutput(item, "my_appointments"));
  if (found?.type !== "function_call_output") return null;
  const { appointments } = parsed(found.output) as { appointments?: ToolOutput[] };
  const first = appointments?.[0];
  return first ? { id: first.appointment_id, when: String(first.when ?? "") } : null;
}

/** The date in Israel `days` from now, `YYYY-MM-DD`. */
export function dateIn(days: number): string {
  const day = new Date(Date.now() + days * 86_400_000);
  return new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Jerusalem" }).format(day);
}

function isOutput(item: BrainItem, name: string): boolean {
  return item.type === "function_call_output" && item.name === name;
}

/** Putting a time before the caller. */
function isOffer(item: BrainItem): boolean {
  const offers = ["propose_slot", "move_appointment"];
  return item.type === "function_call" && offers.includes(item.name);
}
