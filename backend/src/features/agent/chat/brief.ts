import type { DateTime } from "luxon";
import type { BusinessTx } from "../../../db/database.ts";
import { buildInstructions } from "../instructions.ts";
import { recallCustomer } from "../memory.ts";
import { phrasesOf } from "../phrases.ts";
import { toolDefinitions } from "../tools/index.ts";
import type { ToolOutcome } from "../tool.ts";
import { unansweredOf, withFiles, type Chat, type Unanswered } from "./chat.ts";
import { describe } from "../describe.ts";
import type { Question } from "./model.ts";
import type { ChatDeps } from "./ports.ts";
import { showPictures } from "./pictures.ts";
import { textsIn } from "./texts.ts";
import { transcript, type ChatMessage, type ChatToolCall } from "./transcript.ts";

/** Messages before those to be answered that the model is shown. */
const HISTORY = 40;

export interface Brief {
  question: Question;
  /** The messages that the question is about, as they stood when it was put. */
  asked: Unanswered[];
}

/** Puts together what the model is asked about the chat as it was looked at. */
export async function briefOf(deps: ChatDeps, chat: Chat, now: DateTime): Promise<Brief> {
  const { settings, business_name } = chat;
  const { history, asked, tool_calls, memory } = await deps.db.inBusiness(chat.business_id, (tx) =>
    load(tx, deps, chat, now),
  );
  const messages = [...history, ...asked];
  const pictures = await showPictures(deps, messages);
  const instructions = buildInstructions({ business_name, settings, channel: "whatsapp", now });
  const input = transcript({
    messages: messages.map((message) => shown(message, messages, pictures)),
    tool_calls,
    zone: settings.timezone,
    phrases: phrasesOf(settings.language),
    texts: textsIn(settings.language),
  });
  return {
    question: {
      instructions: [instructions, memory].filter(Boolean).join("\n\n"),
      input,
      tools: toolDefinitions("whatsapp"),
      may_call: true,
    },
    asked,
  };
}

async function load(tx: BusinessTx, deps: ChatDeps, chat: Chat, now: DateTime) {
  const { id: thread_id, contact_id } = chat.thread;
  const known = new Map(chat.unanswered.map((message) => [message.id, message]));
  const asked = (await unansweredOf(tx, thread_id))
    .filter(({ id }) => known.has(id))
    .map((message) => ({ ...known.get(message.id)!, ...message }));
  const history = await withFiles(deps, tx, await historyOf(tx, thread_id, [...known.keys()]));
  const { language } = chat.settings;
  return {
    asked,
    history,
    tool_calls: await toolCallsOf(tx, thread_id, history[0]?.id ?? asked[0]?.id ?? 0),
    memory: await recallCustomer(tx, { thread_id, contact_id, language, now }),
  };
}

/** What was said before, in the order in which it came; not what was deleted or never arrived. */
async function historyOf(tx: BusinessTx, thread_id: number, except: number[]) {
  const rows = await tx
    .trx("messages")
    .where({ thread_id, deleted_at: null })
    .whereNot("status", "failed")
    .whereNotIn("id", except)
    .where((any) => void any.whereNotNull("handled_at").orWhere("direction", "out"))
    .orderBy("id", "desc")
    .limit(HISTORY)
    .select<Omit<Unanswered, "files">[]>("*");
  return rows.toReversed();
}

type StoredCall = Omit<ChatToolCall, "output"> & { result: ToolOutcome };

async function toolCallsOf(
  tx: BusinessTx,
  thread_id: number,
  from: number,
): Promise<ChatToolCall[]> {
  const rows = await tx
    .trx("tool_calls")
    .where({ thread_id })
    .where("message_id", ">=", from)
    // What the customer's own words did is told as a note beside them.
    .whereRaw("tool_call_id not like 'said:%'")
    .orderBy("seq")
    .select<StoredCall[]>("*");
  return rows.map(({ result, ...call }: StoredCall) => ({ ...call, output: result.output }));
}

function shown(
  message: Unanswered,
  all: readonly Unanswered[],
  pictures: ReadonlyMap<number, string[]>,
): ChatMessage {
  const at = all.indexOf(message);
  const quoted = all.find(({ id }) => id === message.reply_to_id);
  const far = quoted !== undefined && all[at - 1] !== quoted;
  return {
    ...message,
    file_name: message.files[0]?.file_name ?? null,
    pictures: pictures.get(message.id) ?? [],
    ...(far && { quoted: describe(quoted).slice(0, 200) }),
  };
}
