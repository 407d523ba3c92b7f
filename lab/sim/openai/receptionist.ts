/**
 * The default brain: a Hebrew receptionist that uses the product's tools. It goes by the words of
 * the caller's last sentence and by what the tools answered, nothing else.
 */
import type { Brain, BrainItem, BrainReply, BrainState } from "./brain.ts";
import { a_picture } from "./rest-chat.ts";
import { dateIn, freeTimes, lastSaid, ownAppointment, parsed, talkedDate } from "./memory.ts";

const how_help = "שלום, איך אפשר לעזור?";
const say_again = "סליחה, לא שמעתי. אפשר לחזור על זה?";
const which_time = "אני צריך גם שעה מדויקת, באיזו שעה תרצה?";
const write_again = "סליחה, לא הבנתי. אפשר לכתוב את זה אחרת?";
const seen = "תודה, ראיתי את התמונה.";
/** The answer to a yes that comes too late. */
export const already_taken = "מצטער, השעה הזאת כבר נתפסה. אפשר בשעה אחרת?";
const goodbye = "תודה שהתקשרת, יום טוב ולהתראות";

export const receptionist: Brain = (state) => {
  const asked = state.response_instructions;
  const exactly = asked === null ? null : inOwnWords(asked);
  if (exactly !== null) return { say: exactly };
  const last = state.items.findLast((item) => item.type !== "message" || item.role !== "system");
  if (last?.type === "function_call_output") return afterTool(state, last);
  const heard = lastSaid(state.items);
  return heard === null ? { say: how_help } : answer(state, heard);
};

/** What one response's own instructions ask for: «…» word for word, or the sense of them. */
function inOwnWords(instructions: string): string | null {
  const found = /«([^»]+)»|"([^"]+)"/.exec(instructions);
  if (found) return found[1] ?? found[2] ?? null;
  if (/goodbye/i.test(instructions)) return goodbye;
  if (/still there/i.test(instructions)) return "האם אתה עדיין על הקו?";
  if (/connecting/i.test(instructions)) return "אני מעביר אותך לנציג, רק רגע.";
  return null;
}

function answer(state: BrainState, heard: string): BrainReply {
  const said = (words: string) => heard.includes(words);
  if (said("מאשר")) return call(state, "confirm_appointment");
  if (said("תור פנוי")) return call(state, "find_free_slots", { from_date: dateIn(1) });
  if (said("שעה אחרת")) return offer(state);
  if (said("בשעה עשר")) return propose(state, { date: talkedDate(state), time: "10:00" });
  if (said("לבטל") || said("להזיז") || said("מתי התור")) return call(state, "my_appointments");
  if (said("בן אדם")) return call(state, "transfer_to_person", { reason: heard });
  if (said("שיחזור")) {
    return call(state, "leave_message", { subject: "לחזור ללקוח", message: heard });
  }
  if (said("שעות הפתיחה")) return { say: "אנחנו פתוחים מתשע בבוקר עד חמש אחר הצהריים" };
  if (said("להתראות")) return { ...call(state, "end_call"), say: goodbye };
  if (said("לקבוע")) return { say: "בשמחה. לאיזה יום תרצה לקבוע?" };
  if (said("רגע")) return { say: "כן, בבקשה" };
  if (said(a_picture)) return { say: seen };
  return { say: isChat(state) ? write_again : say_again };
}

const isChat = ({ instructions }: BrainState): boolean => /מתכתב|chatting/.test(instructions);

/** Calls a tool when the session has it and may call any. */
function call(
  { tools, tool_choice }: BrainState,
  name: string,
  args: Record<string, unknown> = {},
): BrainReply {
  const has = tool_choice !== "none" && tools.some((tool) => tool.name === name);
  return has ? { calls: [{ name, arguments: args }] } : { say: say_again };
}

/** Puts the next free time before the caller, for a new appointment or for the one to move. */
function offer(state: BrainState): BrainReply {
  const [next] = freeTimes(state);
  return next ? propose(state, next) : { say: which_time };
}

function propose(state: BrainState, at: { date: string; time: string }): BrainReply {
  const moves = state.items.some((item) => item.type === "message" && item.text.includes("להזיז"));
  const own = moves ? ownAppointment(state.items) : null;
  if (own) return call(state, "move_appointment", { appointment_id: own.id, ...at });
  return call(state, "propose_slot", { ...at });
}

function afterTool(
  state: BrainState,
  { name, output }: Extract<BrainItem, { type: "function_call_output" }>,
): BrainReply {
  const result = parsed(output);
  const when = String(result.proposed ?? result.when ?? result.cancelled ?? "");
  if (result.ok === false) return refusal(result);
  switch (name) {
    case "find_free_slots":
      return freeTimes(state).length > 0 ? offer(state) : { say: "אין לנו תורים פנויים בקרוב." };
    case "propose_slot":
    case "move_appointment":
      return { say: when ? `יש לנו תור פנוי ב${when}. האם זה מתאים לך?` : which_time };
    case "confirm_appointment":
      return { say: `מצוין, קבעתי לך תור ל${when}.` };
    case "my_appointments":
      return afterOwn(state);
    case "cancel_appointment":
      return { say: `ביטלתי את התור ב${when}.` };
    case "leave_message":
      return { say: "רשמתי את ההודעה, נחזור אליך בהקדם." };
    case "transfer_to_person":
      return isChat(state) ? { say: "העברתי לצוות, ויענו לך כאן." } : {};
    case "end_call":
      return {};
    default:
      return { say: say_again };
  }
}

function afterOwn(state: BrainState): BrainReply {
  const own = ownAppointment(state.items);
  const heard = lastSaid(state.items) ?? "";
  if (!own) return { say: "לא מצאתי תור על שמך." };
  if (heard.includes("לבטל")) return call(state, "cancel_appointment", { appointment_id: own.id });
  if (heard.includes("להזיז")) return call(state, "find_free_slots", { from_date: dateIn(1) });
  return { say: `התור שלך הוא ב${own.when}.` };
}

function refusal({ reason }: Record<string, unknown>): BrainReply {
  if (reason === "taken") return { say: already_taken };
  if (reason === "nobody_can_be_reached_now") return { say: "אין כרגע נציג פנוי. להשאיר הודעה?" };
  return { say: which_time };
}
