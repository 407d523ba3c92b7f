/** Chat completions and Responses ⇄ the brain's view of a conversation. */
import type { BrainItem, BrainReply, BrainState } from "./brain.ts";
import { newId } from "./conversation.ts";
import type { ChatRequest, ResponsesRequest } from "./rest-schemas.ts";

type Content = string | ({ text: string } | { type: "input_image" })[] | null | undefined;

/** How the brain is told of a picture. */
export const a_picture = "(a picture)";

function plain(content: Content): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => ("text" in part ? part.text : a_picture)).join("\n");
}

function state(items: BrainItem[], given: Partial<BrainState>): BrainState {
  const instructions = items
    .filter((item) => item.type === "message" && item.role === "system")
    .map((item) => (item.type === "message" ? item.text : ""))
    .join("\n");
  const blank = { tools: [], tool_choice: "auto" as const, response_instructions: null };
  return { items, instructions, ...blank, ...given };
}

export function chatState({ messages, tools, tool_choice }: ChatRequest): BrainState {
  const names = new Map<string, string>();
  const items = messages.flatMap((message): BrainItem[] => {
    if (message.role === "tool") {
      const { tool_call_id: call_id, content } = message;
      const name = names.get(call_id) ?? "";
      return [{ type: "function_call_output", call_id, name, output: plain(content) }];
    }
    const calls = message.role === "assistant" ? (message.tool_calls ?? []) : [];
    const role = message.role === "developer" ? "system" : message.role;
    const text = plain(message.content);
    const said: BrainItem[] = text ? [{ type: "message", role, text }] : [];
    return [
      ...said,
      ...calls.map((call): BrainItem => {
        names.set(call.id, call.function.name);
        return { type: "function_call", call_id: call.id, ...call.function };
      }),
    ];
  });
  const flat = (tools ?? []).map(({ type, function: { name, description, parameters } }) => {
    return { type, name, description, parameters };
  });
  const choice = typeof tool_choice === "object" ? "required" : (tool_choice ?? "auto");
  return state(items, { tools: flat, tool_choice: choice });
}

export function chatAnswer(model: string, { say, refuse, calls = [] }: BrainReply): unknown {
  const tool_calls = calls.map((call) => ({
    id: newId("call"),
    type: "function",
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }));
  const message = {
    role: "assistant",
    content: say ?? null,
    refusal: refuse ?? null,
    ...(tool_calls.length > 0 ? { tool_calls } : {}),
  };
  const finish_reason = tool_calls.length > 0 ? "tool_calls" : "stop";
  return {
    id: newId("chatcmpl"),
    object: "chat.completion",
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason }],
    usage: { prompt_tokens: 200, completion_tokens: 40, total_tokens: 240 },
  };
}

export function responsesState(request: ResponsesRequest): BrainState {
  const input =
    typeof request.input === "string"
      ? [{ role: "user" as const, content: request.input }]
      : request.input;
  const names = new Map<string, string>();
  const items = input.map((item): BrainItem => {
    if ("role" in item) {
      const role = item.role === "developer" ? "system" : item.role;
      return { type: "message", role, text: plain(item.content) };
    }
    if (item.type === "function_call") {
      names.set(item.call_id, item.name);
      const { call_id, name, arguments: args } = item;
      return { type: "function_call", call_id, name, arguments: args };
    }
    return { ...item, name: names.get(item.call_id) ?? "" };
  });
  const tools = (request.tools ?? []).map(({ type, name, description, parameters }) => {
    return { type, name, description, parameters };
  });
  const instructions = request.instructions === undefined ? {} : request;
  return state(items, {
    tools,
    tool_choice: request.tool_choice ?? "auto",
    ...("instructions" in instructions ? { instructions: request.instructions ?? "" } : {}),
  });
}

/** The calls without an output and the outputs without a call, which OpenAI refuses. */
export function unpaired({ input }: ResponsesRequest): string[] {
  if (typeof input === "string") return [];
  const ids = (type: string) =>
    new Set(
      input.flatMap((item) => ("call_id" in item && item.type === type ? [item.call_id] : [])),
    );
  const [calls, outputs] = [ids("function_call"), ids("function_call_output")];
  return [...calls.symmetricDifference(outputs)];
}

export function responsesAnswer(model: string, { say, refuse, calls = [] }: BrainReply): unknown {
  const message = {
    id: newId("msg"),
    type: "message",
    role: "assistant",
    status: "completed",
    content: refuse
      ? [{ type: "refusal", refusal: refuse }]
      : [{ type: "output_text", text: say ?? "", annotations: [], logprobs: [] }],
  };
  const function_calls = calls.map((call) => ({
    id: newId("fc"),
    type: "function_call",
    status: "completed",
    call_id: newId("call"),
    name: call.name,
    arguments: JSON.stringify(call.arguments),
  }));
  return {
    id: newId("resp"),
    object: "response",
    created_at: Math.floor(Date.now() / 1000),
    status: "completed",
    error: null,
    incomplete_details: null,
    model,
    output: [...(say || refuse ? [message] : []), ...function_calls],
    parallel_tool_calls: true,
    usage: { input_tokens: 200, output_tokens: 40, total_tokens: 240 },
  };
}
