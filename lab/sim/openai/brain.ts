import type { FunctionTool } from "./client-events.ts";

/** An item of the conversation as the brain sees it: what was said, called or returned. */
export type BrainItem =
  | { type: "message"; role: "user" | "assistant" | "system"; text: string }
  | { type: "function_call"; name: string; arguments: string; call_id: string }
  | { type: "function_call_output"; call_id: string; name: string; output: string };

/** What the model knows when it is asked for a response. */
export interface BrainState {
  items: readonly BrainItem[];
  tools: readonly FunctionTool[];
  /** The session's instructions. */
  instructions: string;
  /** Instructions given with this one response, if any. */
  response_instructions: string | null;
  tool_choice: "auto" | "none" | "required" | { type: "function"; name: string };
}

/** Spoken first, then the calls; both may be absent. */
export interface BrainReply {
  say?: string;
  /** The model declines, in these words; by REST alone. */
  refuse?: string;
  calls?: { name: string; arguments: Record<string, unknown> }[];
}

/** Stands for the model's mind: a scripted policy. */
export type Brain = (state: BrainState) => BrainReply | Promise<BrainReply>;
