/** Fills a tool's arguments from its JSON schema and reads slots out of its output. */
import type { FunctionTool } from "./client-events.ts";

interface Property {
  type?: string | string[];
  enum?: unknown[];
  format?: string;
}

const names: Readonly<Record<string, readonly string[]>> = {
  date: ["date", "day", "from", "from_date", "date_from", "to", "to_date", "date_to", "until"],
  starts_at: ["starts_at", "start", "slot", "slot_start", "datetime"],
  time: ["time", "hour"],
  text: ["text", "message", "body"],
  reason: ["reason", "summary"],
};

/** The date in Israel `days` from now, `YYYY-MM-DD`. */
export function dateIn(days: number, now = new Date()): string {
  const day = new Date(now.getTime() + days * 86_400_000);
  return new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Jerusalem" }).format(day);
}

/**
 * The arguments a model would give: `values` under whatever names the tool's schema uses,
 * required properties always, optional ones when a value is known.
 */
export function argumentsFor(
  tool: FunctionTool,
  values: Record<string, unknown>,
): Record<string, unknown> {
  const schema = tool.parameters as
    | { properties?: Record<string, Property>; required?: string[] }
    | undefined;
  const required = new Set(schema?.required ?? []);
  const known = withParts(values);
  const filled: [string, unknown][] = [];
  for (const [name, property] of Object.entries(schema?.properties ?? {})) {
    const meaning = Object.keys(names).find((one) => names[one]?.includes(name)) ?? name;
    const value = known[meaning];
    if (value !== undefined) filled.push([name, value]);
    else if (required.has(name)) filled.push([name, placeholder(property)]);
  }
  return Object.fromEntries(filled);
}

function withParts(values: Record<string, unknown>): Record<string, unknown> {
  const [date, time] = String(values.starts_at ?? "").split("T");
  return time ? { date, time: time.slice(0, 5), ...values } : values;
}

function placeholder({ type, enum: choices }: Property): unknown {
  if (choices) return choices[0];
  const one = Array.isArray(type) ? type[0] : type;
  if (one === "integer" || one === "number") return 1;
  if (one === "boolean") return true;
  if (one === "array") return [];
  return "";
}

/** The list of slots in a tool's output, wherever it is. */
export function slotsOf(output: Record<string, unknown>): unknown[] {
  const list = Object.values(output).find((value) => Array.isArray(value));
  return (list as unknown[] | undefined) ?? [];
}

/** A slot's start: the slot itself, or its `starts_at`/`start`, or `date` and `time`. */
export function slotStart(slot: unknown): string {
  if (typeof slot === "string") return slot;
  const fields = (slot ?? {}) as Record<string, unknown>;
  return String(
    fields.starts_at ?? fields.start ?? `${String(fields.date)}T${String(fields.time)}`,
  );
}
