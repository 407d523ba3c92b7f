import OpenAI from "openai";
import type { Env } from "../../../platform/env.ts";
import type { ToolDefinition } from "../tools/index.ts";

/** What the model is shown: what was said, the tools that were called, and what they came to. */
export type ModelItem =
  | { role: "user"; content: string | (TextPart | PicturePart)[] }
  | { role: "assistant" | "system"; content: string }
  | { type: "function_call"; call_id: string; name: string; arguments: string }
  | { type: "function_call_output"; call_id: string; output: string };
type TextPart = { type: "input_text"; text: string };
type PicturePart = { type: "input_image"; image_url: string; detail: "auto" };

export interface Question {
  instructions: string;
  input: ModelItem[];
  tools: readonly ToolDefinition[];
  /** Whether it may call them now. */
  may_call: boolean;
}

export interface ModelAnswer {
  text: string;
  calls: { call_id: string; name: string; arguments: string }[];
}

/** @throws ModelUnavailable */
export type AskModel = (question: Question, signal?: AbortSignal) => Promise<ModelAnswer>;

/** There is no answer now; there may be one later. */
export class ModelUnavailable extends Error {
  override name = "ModelUnavailable";
  /** As the provider asked. */
  readonly retry_after_ms: number | null;
  /** It did not understand the question, which may be because of a picture. */
  readonly refused: boolean;

  constructor(message: string, more: { retry_after_ms?: number | null; refused?: boolean } = {}) {
    super(message);
    this.retry_after_ms = more.retry_after_ms ?? null;
    this.refused = more.refused ?? false;
  }
}

const TIMEOUT_MS = 30_000;
/** A key comes with a start of the process, whose first look need not wait long for it. */
const NO_KEY_MS = 60_000;
/** Thinking included; an answer on WhatsApp is a few lines. */
const MAX_OUTPUT_TOKENS = 4000;

type Settings = Pick<Env, "OPENAI_API_KEY" | "OPENAI_BASE_URL" | "OPENAI_CHAT_MODEL">;

/**
 * The chat model through OpenAI's Responses API: Chat Completions refuses tools to the current
 * models that think. Nothing is stored there; each question carries the conversation.
 */
export function createModel(env: Settings, timeout = TIMEOUT_MS): AskModel {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseURL, OPENAI_CHAT_MODEL: model } = env;
  if (!apiKey) {
    const more = { retry_after_ms: NO_KEY_MS };
    return () => Promise.reject(new ModelUnavailable("OPENAI_API_KEY is not set", more));
  }
  // The job tries again by itself, later than the library would.
  const client = new OpenAI({ apiKey, baseURL, maxRetries: 0, timeout });
  return async ({ instructions, input, tools, may_call }, signal) => {
    const functions = tools.map((tool) => ({ type: "function" as const, ...tool, strict: false }));
    const asked = {
      ...{ model, instructions, input, store: false, max_output_tokens: MAX_OUTPUT_TOKENS },
      ...{ tools: functions, tool_choice: may_call ? ("auto" as const) : ("none" as const) },
    };
    const response = await client.responses.create(asked, { signal }).catch(unavailable);
    if (response.error) throw new ModelUnavailable(response.error.message);
    const calls = response.output.filter((item) => item.type === "function_call");
    return { text: response.output_text.trim(), calls };
  };
}

/** What OpenAI says of a wrong key quotes a part of it. */
function unavailable(error: unknown): never {
  if (!(error instanceof OpenAI.APIError)) throw error;
  const status = error.status as number | undefined;
  const refused = status === 400;
  const what = status === undefined || refused ? error.message : `OpenAI answered ${status}`;
  const retry_after_ms = retryAfter(error.headers?.get("retry-after"));
  throw new ModelUnavailable(what.slice(0, 500), { retry_after_ms, refused });
}

/** Seconds or an HTTP date, as milliseconds from now. */
function retryAfter(header: string | null | undefined): number | null {
  if (!header) return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? ms : null;
}
