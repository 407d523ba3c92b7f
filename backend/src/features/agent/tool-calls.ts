import type { ToolOutcome, ToolScope } from "./tool.ts";

export interface ToolCall {
  name: string;
  /** JSON text as the model wrote it; may be broken. */
  arguments: string;
  tool_call_id: string;
}

/** What this very tool call came to before, or null. */
export async function storedOutcome(
  { tx, thread }: ToolScope,
  tool_call_id: string,
): Promise<ToolOutcome | null> {
  const row = await tx
    .trx("tool_calls")
    .where({ thread_id: thread.id, tool_call_id })
    .first("result");
  return row?.result ?? null;
}

export async function storeOutcome(
  { tx, thread, call_sid, message_id, now }: ToolScope,
  call: ToolCall,
  outcome: ToolOutcome,
): Promise<void> {
  await tx.trx("tool_calls").insert({
    business_id: tx.business_id,
    thread_id: thread.id,
    tool_call_id: call.tool_call_id,
    call_sid,
    message_id,
    name: call.name,
    // As a JSON string when it is no JSON: what the model wrote is kept.
    arguments: JSON.stringify(parsed(call.arguments) ?? call.arguments),
    result: JSON.stringify(outcome),
    created_at: now.toJSDate(),
  });
}

/** Tools after which an earlier confirmation is no longer the latest word. */
const ABOUT_SLOTS = [
  "propose_slot",
  "move_appointment",
  "cancel_appointment",
  "confirm_appointment",
];
const STILL_FRESH_MS = 15 * 60_000;

/**
 * What the confirmation came to that was the last thing done about appointments here, a moment
 * ago: booked, or taken by somebody else. Refusals to confirm are not meant.
 */
export async function latestConfirmation({
  tx,
  thread,
  now,
}: ToolScope): Promise<ToolOutcome | null> {
  const row: { name: string; result: ToolOutcome } | undefined = await tx
    .trx("tool_calls")
    .where("thread_id", thread.id)
    .whereIn("name", ABOUT_SLOTS)
    .where("created_at", ">", new Date(now.toMillis() - STILL_FRESH_MS))
    .orderBy("created_at", "desc")
    .first("name", "result");
  if (row?.name !== "confirm_appointment") return null;
  const { ok, reason } = row.result.output;
  return ok || reason === "taken" ? row.result : null;
}

/** The arguments without what the model left empty; undefined when they are no JSON object. */
export function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text === "" ? "{}" : text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    const given = Object.entries(value).filter(([, field]) => field !== null && field !== "");
    return Object.fromEntries(given);
  } catch {
    return undefined;
  }
}
