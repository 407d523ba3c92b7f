import { runTool } from "../run-tool.ts";
import type { ToolContext } from "../tool.ts";
import { ModelUnavailable, type AskModel, type ModelItem, type Question } from "./model.ts";

/** A model that calls tools for ever has to say something in the end. */
const MAX_STEPS = 8;

/**
 * Asks the model until it has an answer, and runs the tools that it calls. '' when it has none.
 * @throws ModelUnavailable
 */
export async function think(
  ask: AskModel,
  ctx: ToolContext,
  question: Question,
  signal?: AbortSignal,
): Promise<string> {
  const input = [...question.input];
  let said = "";
  for (let step = 1; ; step += 1) {
    const may_call = step < MAX_STEPS;
    const asked = { ...question, input, may_call };
    const { text, calls } = await askWithPictures(ask, asked, signal);
    if (calls.length === 0 || !may_call) return text || said;
    // Words beside a call are an answer only when none follows.
    said = text || said;
    for (const { call_id, name, arguments: args } of calls) {
      signal?.throwIfAborted();
      const { output, say } = await runTool(ctx, { name, arguments: args, tool_call_id: call_id });
      if (say !== undefined) return say;
      input.push({ type: "function_call", call_id, name, arguments: args });
      input.push({ type: "function_call_output", call_id, output: JSON.stringify(output) });
    }
  }
}

/** A picture that the model can't take must not keep the customer from an answer. */
async function askWithPictures(ask: AskModel, question: Question, signal?: AbortSignal) {
  try {
    return await ask(question, signal);
  } catch (error) {
    const blind = question.input.map(withoutPicture);
    const seen = blind.some((item, i) => item !== question.input[i]);
    if (!(error instanceof ModelUnavailable) || !error.refused || !seen) throw error;
    return ask({ ...question, input: blind }, signal);
  }
}

function withoutPicture(item: ModelItem): ModelItem {
  if (!("role" in item) || item.role !== "user" || typeof item.content === "string") return item;
  return { role: "user", content: item.content.filter(({ type }) => type === "input_text") };
}
