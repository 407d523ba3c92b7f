export { createChat, type ChatPorts } from "./chat/index.ts";
export { createCallTools, type CallTools } from "./call-tools.ts";
export { callerSaid, type Remark } from "./caller-said.ts";
export { buildInstructions } from "./instructions.ts";
export { recallCustomer } from "./memory.ts";
export { runTool } from "./run-tool.ts";
export type { ToolCall } from "./tool-calls.ts";
export type { ToolContext, ToolOutcome } from "./tool.ts";
export { toolDefinitions } from "./tools/index.ts";
