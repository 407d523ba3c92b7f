import { expect, test } from "vitest";
import { phrasesOf } from "../phrases.ts";
import { textsIn } from "./texts.ts";
import { transcript, type ChatMessage, type ChatToolCall } from "./transcript.ts";

const ZONE = "Asia/Jerusalem";
let made = 0;

function message(author: ChatMessage["author"], text: string, more: Partial<ChatMessage> = {}) {
  made += 1;
  return {
    ...{ id: made, author, text, message_type: "text", created_at: "2026-11-20T10:00:00.000Z" },
    ...{ agent_remark: null, file_name: null, pictures: [] },
    ...more,
  } as unknown as ChatMessage;
}
const told = (messages: ChatMessage[], tool_calls: ChatToolCall[] = [], language = "he") =>
  transcript({
    ...{ messages, tool_calls, zone: ZONE },
    ...{ phrases: phrasesOf(language), texts: textsIn(language) },
  });

test("who said what, and what time it was after a pause", () => {
  const morning = { created_at: "2026-11-20T06:00:00.000Z" };
  const items = told(
    [
      message("customer", "בוקר טוב", morning),
      message("agent", "בוקר אור", morning),
      message("user", 'כאן דנה: "אני"', morning),
      message("customer", "שלום"),
    ],
    [],
    "en",
  );
  expect(items).toEqual([
    { role: "system", content: "Friday 20 November at 08:00" },
    { role: "user", content: "בוקר טוב" },
    { role: "assistant", content: "בוקר אור" },
    {
      role: "system",
      content: String.raw`A person of the business wrote to the customer in this chat: "כאן דנה: \"אני\""`,
    },
    { role: "system", content: "Friday 20 November at 12:00" },
    { role: "user", content: "שלום" },
  ]);
});

test("a tool call stands after what it was an answer to", () => {
  const [first, second] = [message("customer", "א"), message("customer", "ב")];
  const call = (message_id: number, name: string) => ({
    ...{ tool_call_id: `call_${name}`, message_id, name },
    ...{ arguments: { a: 1 }, output: { ok: true } },
  });
  const items = told([first!, second!], [call(first!.id, "x"), call(second!.id, "y")]);
  expect(items.slice(1)).toEqual([
    { role: "user", content: "א" },
    { type: "function_call", call_id: "call_x", name: "x", arguments: '{"a":1}' },
    { type: "function_call_output", call_id: "call_x", output: '{"ok":true}' },
    { role: "user", content: "ב" },
    { type: "function_call", call_id: "call_y", name: "y", arguments: '{"a":1}' },
    { type: "function_call_output", call_id: "call_y", output: '{"ok":true}' },
  ]);
});

test("what it answers is told when it is not what came before; what the product did, beside it", () => {
  const items = told([
    message("customer", "כן", { quoted: "יום שלישי?" }),
    message("customer", "מאשר", { agent_remark: { note: "נקבע" } }),
    message("customer", "מאשר", { agent_remark: { say: "באיזו שעה?" } }),
  ]);
  expect(items.slice(1)).toEqual([
    { role: "user", content: '[in reply to: "יום שלישי?"] כן' },
    { role: "user", content: "מאשר" },
    { role: "system", content: "נקבע" },
    { role: "user", content: "מאשר" },
    { role: "system", content: "הלקוח אישר ואין שעה מדויקת. אם עדיין אין: «באיזו שעה?»" },
  ]);
});

test("of a long conversation the end is told, and calls stay with their results", () => {
  const messages = Array.from({ length: 200 }, (_, i) =>
    message("customer", `${i} ${"א".repeat(400)}`),
  );
  const calls = messages.map(({ id }) => ({
    ...{ tool_call_id: `call_${id}`, message_id: id, name: "x" },
    ...{ arguments: {}, output: {} },
  }));
  const items = told(messages, calls);
  expect(JSON.stringify(items).length).toBeLessThan(26_000);
  expect(items.at(-3)).toEqual({ role: "user", content: messages.at(-1)!.text });
  const ids = (type: string) =>
    items.flatMap((item) => ("type" in item && item.type === type ? [item.call_id] : []));
  expect(ids("function_call")).toEqual(ids("function_call_output"));
});

test("one message that is longer than everything is told from its beginning", () => {
  const items = told([message("customer", "ראשון"), message("customer", "ב".repeat(60_000))]);
  expect(items.at(-1)).toEqual({ role: "user", content: "ב".repeat(4000) });
});

test("what is to be answered is told, however much was looked up for it", () => {
  const [before, last] = [message("customer", "שלום"), message("customer", "יש תור?")];
  const output = { days: "x".repeat(30_000) };
  const call = { tool_call_id: "c", message_id: last.id, name: "x", arguments: {}, output };
  expect(told([before, last], [call])[0]).toEqual({ role: "user", content: "יש תור?" });
});
