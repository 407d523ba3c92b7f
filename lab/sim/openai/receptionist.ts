/**
 * The default brain: a Hebrew receptionist that books an appointment with whatever tools of these
 * names it was given. It works by the words of the caller's last sentence, nothing else.
 */
import type { Brain, BrainItem, BrainReply, BrainState } from "./brain.ts";
import { argumentsFor, dateIn, slotStart, slotsOf } from "./tool-values.ts";

const which_day = "בשמחה. לאיזה יום תרצה לקבוע?";
const how_help = "שלום, איך אפשר לעזור?";
const say_again = "סליחה, לא שמעתי. אפשר לחזור על זה?";
const which_time = "אני צריך גם שעה מדויקת, באיזו שעה תרצה?";
const goodbye = "תודה שהתקשרת, יום טוב ולהתראות";
const hours = "אנחנו פתוחים מתשע בבוקר עד חמש אחר הצהריים";

export const receptionist: Brain = (state) => {
  const last = state.items.at(-1);
  if (state.response_instructions !== null) return { say: quoted(state.response_instructions) };
  if (last?.type === "function_call_output") return afterTool(state, last);
  const heard = state.items.findLast((item) => item.type === "message" && item.role === "user");
  if (heard?.type !== "message") return { say: how_help };
  return answer(state, heard.text);
};

/** «…» or "…" in the instructions of one response is what must be said. */
function quoted(instructions: string): string {
  const found = /«([^»]+)»|"([^"]+)"|“([^”]+)”/.exec(instructions);
  return found?.[1] ?? found?.[2] ?? found?.[3] ?? how_help;
}

function answer(state: BrainState, heard: string): BrainReply {
  const call = (name: string, values: Record<string, unknown> = {}): BrainReply => {
    const tool = state.tools.find((one) => one.name === name);
    if (!tool || state.tool_choice === "none") return { say: say_again };
    return { calls: [{ name, arguments: argumentsFor(tool, values) }] };
  };
  const said = (...words: string[]) => words.some((word) => heard.includes(word));
  if (said("מאשר")) return call("confirm_appointment");
  if (said("תור פנוי", "מחר")) return find(state, dateIn(1));
  if (said("שעה אחרת")) return another(state);
  if (said("בשעה עשר")) return propose(state, `${dateIn(1)}T10:00:00`);
  if (said("לבטל")) return call("cancel_appointment");
  if (said("להזיז")) return find(state, dateIn(1));
  if (said("מתי התור")) return call("my_appointments");
  if (said("בן אדם")) return call("transfer_to_person", { reason: heard });
  if (said("שיחזור")) return call("leave_message", { text: heard });
  if (said("שעות הפתיחה")) return { say: hours };
  if (said("להתראות")) return { say: goodbye, ...call("end_call", { reason: "done" }) };
  if (said("לקבוע")) return { say: which_day };
  if (said("רגע")) return { say: "כן, בבקשה" };
  return { say: say_again };
}

function find(state: BrainState, date: string): BrainReply {
  const tool = state.tools.find(({ name }) => name === "find_free_slots");
  if (!tool) return { say: which_time };
  return { calls: [{ name: tool.name, arguments: argumentsFor(tool, { date }) }] };
}

function propose(state: BrainState, starts_at: string): BrainReply {
  const tool = state.tools.find(({ name }) => name === "propose_slot");
  if (!tool) return { say: which_time };
  return { calls: [{ name: tool.name, arguments: argumentsFor(tool, { starts_at }) }] };
}

/** The slot after the ones already proposed since the last search. */
function another(state: BrainState): BrainReply {
  const searched = state.items.findLastIndex((item) => isOutput(item, "find_free_slots"));
  const search = state.items[searched];
  if (search?.type !== "function_call_output") return { say: which_time };
  const proposed = state.items.slice(searched).filter((item) => isCall(item, "propose_slot"));
  const next = slotsOf(parsed(search.output))[proposed.length];
  return next === undefined ? { say: which_time } : propose(state, slotStart(next));
}

function isOutput(item: BrainItem, name: string): boolean {
  return item.type === "function_call_output" && item.name === name;
}

function isCall(item: BrainItem, name: string): boolean {
  return item.type === "function_call" && item.name === name;
}

function afterTool(state: BrainState, last: BrainItem & { type: "function_call_output" }) {
  const output = parsed(last.output);
  if (last.name === "end_call" || last.name === "transfer_to_person") return {};
  if (last.name === "find_free_slots") return afterSearch(state, output);
  const say = [output.say, output.message, output.question].find((one) => typeof one === "string");
  if (say !== undefined) return { say: String(say) };
  if (output.error !== undefined || output.ok === false) return { say: which_time };
  if (last.name === "propose_slot") return { say: `${spoken(output)} מתאים לך? ` };
  if (last.name === "confirm_appointment") return { say: "קבעתי לך את התור. להתראות!" };
  return { say: "בסדר גמור." };
}

/** Proposes the first slot found; on an empty day looks at the next, for a week. */
function afterSearch(state: BrainState, output: Record<string, unknown>): BrainReply {
  const [first] = slotsOf(output);
  if (first !== undefined) return propose(state, slotStart(first));
  const asked = state.items.findLastIndex((item) => {
    return item.type === "message" && item.role === "user";
  });
  const days = state.items.slice(asked).filter((item) => isCall(item, "find_free_slots")).length;
  if (days > 7) return { say: "אין לנו תורים פנויים בשבוע הקרוב." };
  return find(state, dateIn(days + 1));
}

function spoken(output: Record<string, unknown>): string {
  const time = /T(\d\d:\d\d)/.exec(JSON.stringify(output))?.[1];
  return time ? `יש לנו תור פנוי בשעה ${time}.` : "יש לנו תור פנוי.";
}

function parsed(output: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(output);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
