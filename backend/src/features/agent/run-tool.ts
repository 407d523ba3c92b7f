import { openScope } from "./scope.ts";
import { parsed, storedOutcome, storeOutcome, type ToolCall } from "./tool-calls.ts";
import { refused, type ToolContext, type ToolOutcome, type ToolScope } from "./tool.ts";
import { findTool } from "./tools/index.ts";

/** JSON can carry a character that PostgreSQL's text can't. */
const NUL = /\\u0000/g;

/**
 * Runs one tool call of the model in one transaction: all of it happens, or nothing. The same call
 * (by conversation and `tool_call_id`) happens once and has the same outcome each time. It answers
 * also when it fails, so that the model can say something; it never throws.
 */
export async function runTool(ctx: ToolContext, call: ToolCall): Promise<ToolOutcome> {
  const { db, log, business_id, thread_id, signal } = ctx;
  const asked = { ...call, arguments: call.arguments.replace(NUL, "") };
  try {
    return await db.inBusiness(business_id, async (tx) => {
      const scope = await openScope(tx, ctx);
      const before = await storedOutcome(scope, call.tool_call_id);
      if (before) return before;
      const outcome = await execute(scope, asked);
      await storeOutcome(scope, asked, outcome);
      // Whoever asked has been told that it failed: then it must not have happened.
      signal?.throwIfAborted();
      return outcome;
    });
  } catch (error) {
    log.error({ err: error, biz: business_id, thread_id, tool: call.name }, "[NLP] tool failed");
    return refused("failed", { message: "it did not work now; nothing was changed" });
  }
}

async function execute(scope: ToolScope, call: ToolCall): Promise<ToolOutcome> {
  const tool = findTool(scope.channel, call.name);
  if (!tool) return refused("no_such_tool");
  const input = tool.input.safeParse(parsed(call.arguments));
  if (!input.success) {
    scope.log.warn({ tool: call.name }, "[NLP] tool arguments do not fit");
    const problems = input.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    return refused("invalid_arguments", { problems });
  }
  return tool.run(scope, input.data as never);
}
