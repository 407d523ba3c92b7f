import type { CallSummary, ThreadMessage } from "../../api/types.ts";
import type { Attempt } from "./attempt.ts";

/** What stands in a conversation, in the order of its happening. */
export type Entry =
  | { kind: "day"; key: string; at: string }
  | { kind: "new"; key: string }
  | { kind: "message"; key: string; at: string; message: ThreadMessage; first: boolean }
  | { kind: "attempt"; key: string; at: string; attempt: Attempt; first: boolean }
  | { kind: "call"; key: string; at: string; call: CallSummary };

export interface TimelineInput {
  /** Oldest first. */
  messages: ThreadMessage[];
  attempts: Attempt[];
  calls: CallSummary[];
  /** The first message that was not read when the conversation was opened. */
  new_from: number | null;
  dayKey: (iso: string) => string;
}

/** A pause longer than this begins a new group. */
const GROUP_MS = 5 * 60_000;

/** Who speaks; entries of one voice stand together. */
function voice(entry: Entry): string {
  if (entry.kind === "message") return entry.message.author;
  return entry.kind === "attempt" ? "user" : entry.kind;
}

/** Puts messages, what is on its way, and calls into one order, with days between them. */
export function timeline(input: TimelineInput): Entry[] {
  // A live event may show what was stored before the answer to sending it is here.
  const stored = new Set(input.messages.map(({ idempotency_key }) => idempotency_key));
  const waiting = input.attempts
    .filter(({ key }) => !stored.has(key))
    .map((attempt): Entry => {
      const { key, created_at: at } = attempt;
      return { kind: "attempt", key, at, attempt, first: false };
    });
  const happened: Entry[] = [
    ...input.messages.map((message): Entry => {
      const { id, idempotency_key, created_at: at } = message;
      // The same key as before it was stored, so that it stays the same element.
      return { kind: "message", key: idempotency_key ?? `m${id}`, at, message, first: false };
    }),
    ...input.calls.map((call): Entry => ({
      kind: "call",
      key: call.call_sid,
      at: call.started_at,
      call,
    })),
  ];
  happened.sort((a, b) => at(a) - at(b));
  return grouped([...happened, ...waiting], input);
}

const at = (entry: Entry) => ("at" in entry ? Date.parse(entry.at) : 0);

function grouped(entries: Entry[], { new_from, dayKey }: TimelineInput): Entry[] {
  const shown: Entry[] = [];
  let day = "";
  for (const entry of entries) {
    const before = shown.at(-1);
    const today = "at" in entry ? dayKey(entry.at) : day;
    if (today !== day) {
      day = today;
      shown.push({ kind: "day", key: `d${day}`, at: "at" in entry ? entry.at : "" });
    }
    if (entry.kind === "message" && entry.message.id === new_from) {
      shown.push({ kind: "new", key: "new" });
    }
    if ("first" in entry) {
      const follows = before === shown.at(-1) && before && voice(before) === voice(entry);
      entry.first = !follows || at(entry) - at(before) > GROUP_MS;
    }
    shown.push(entry);
  }
  return shown;
}
