import type { Message } from "@agentlocator/contract";
import { DateTime } from "luxon";
import type { Remark } from "../caller-said.ts";
import { spokenTime, type Phrases } from "../phrases.ts";
import { describe } from "../describe.ts";
import type { ModelItem } from "./model.ts";
import type { ChatTexts } from "./texts.ts";

/** Of a long conversation the model is shown the end. */
const MAX_CHARACTERS = 24_000;
/** After such a pause it is told what time it was. */
const GAP_MS = 3_600_000;

/** A message with what the model is told beside it. */
export interface ChatMessage extends Message {
  file_name: string | null;
  agent_remark: Remark | null;
  /** `data:` addresses of what the model is to see. */
  pictures: string[];
  /** The message that it answers, when that is not the one before. */
  quoted?: string;
}

/** A tool call that was made when `message_id` was the last message that the agent knew of. */
export interface ChatToolCall {
  tool_call_id: string;
  message_id: number;
  name: string;
  arguments: unknown;
  output: unknown;
}

export interface TranscriptFor {
  /** In their order, those that are to be answered last. */
  messages: readonly ChatMessage[];
  tool_calls: readonly ChatToolCall[];
  zone: string;
  phrases: Phrases;
  texts: ChatTexts;
}

/** The conversation as the model is given it: who said what, which tools were called, and when. */
export function transcript(given: TranscriptFor): ModelItem[] {
  const { messages, tool_calls } = given;
  const calls = Map.groupBy(tool_calls, ({ message_id }) => message_id);
  const blocks = messages.map((message, i) => [
    ...timeOf(message, messages[i - 1], given),
    ...itemsOf(message, given),
    ...(calls.get(message.id) ?? []).flatMap(callItems),
  ]);
  let room = MAX_CHARACTERS;
  let from = blocks.length;
  while (from > 0 && (room -= lengthOf(blocks[from - 1]!)) >= 0) from -= 1;
  // What was written last is answered, however long it is.
  return blocks.slice(Math.min(from, blocks.length - 1)).flat();
}

function timeOf(
  { created_at }: ChatMessage,
  before: ChatMessage | undefined,
  { phrases, zone }: TranscriptFor,
): ModelItem[] {
  const gap = before ? Date.parse(created_at) - Date.parse(before.created_at) : Infinity;
  if (gap < GAP_MS) return [];
  return [{ role: "system", content: spokenTime(phrases, DateTime.fromISO(created_at, { zone })) }];
}

function itemsOf(message: ChatMessage, { texts }: TranscriptFor): ModelItem[] {
  const text = describe(message);
  if (message.author === "agent") return text ? [{ role: "assistant", content: text }] : [];
  if (message.author === "user") {
    return [{ role: "system", content: texts.colleague(JSON.stringify(text)) }];
  }
  const said = message.quoted ? `[in reply to: ${JSON.stringify(message.quoted)}] ${text}` : text;
  const asked = said ? [customerItem(said, message.pictures)] : [];
  return [...asked, ...remarkItems(message.agent_remark, texts)];
}

function customerItem(text: string, pictures: readonly string[]): ModelItem {
  if (pictures.length === 0) return { role: "user", content: text };
  const images = pictures.map((image_url) => {
    return { type: "input_image" as const, image_url, detail: "auto" as const };
  });
  return { role: "user", content: [{ type: "input_text", text }, ...images] };
}

function remarkItems(remark: Remark | null, texts: ChatTexts): ModelItem[] {
  const { note, say } = remark ?? {};
  if (note) return [{ role: "system", content: note }];
  return say ? [{ role: "system", content: texts.must_say(say) }] : [];
}

function callItems(call: ChatToolCall): ModelItem[] {
  const { tool_call_id: call_id, name, output } = call;
  // What was no JSON is kept as the text that it was.
  const args = typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments);
  return [
    { type: "function_call", call_id, name, arguments: args },
    { type: "function_call_output", call_id, output: JSON.stringify(output) },
  ];
}

function lengthOf(items: readonly ModelItem[]): number {
  let length = 0;
  for (const item of items) {
    if ("role" in item && typeof item.content !== "string") length += 2000;
    else length += JSON.stringify(item).length;
  }
  return length;
}
