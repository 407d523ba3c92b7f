/** The REST bodies the product may send, field by field; anything else is a violation. */
import { z } from "zod";

const text = z.string();
const metadata = z.record(text, text).optional();
const parameters = z.looseObject({ type: z.literal("object") }).optional();
const named = { name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/), description: text.optional() };
const content = z.union([
  text,
  z.array(z.strictObject({ type: z.enum(["text", "input_text", "output_text"]), text })),
]);
/** What a vision model takes: an address, or the picture itself as base64. */
const picture = z.strictObject({
  type: z.literal("input_image"),
  image_url: text.regex(
    /^(https:\/\/|data:image\/(jpeg|png|webp|gif);base64,[A-Za-z0-9+/]+={0,2}$)/,
  ),
  detail: z.enum(["auto", "low", "high"]).optional(),
});
const response_content = z.union([
  text,
  z.array(
    z.union([z.strictObject({ type: z.enum(["input_text", "output_text"]), text }), picture]),
  ),
]);
const plain_choice = z.enum(["none", "auto", "required"]);

const tool_call = z.strictObject({
  id: text,
  type: z.literal("function"),
  function: z.strictObject({ name: text, arguments: text }),
});

/** POST /v1/chat/completions */
export const chatRequest = z.strictObject({
  model: text.min(1),
  messages: z
    .array(
      z.discriminatedUnion("role", [
        z.strictObject({ role: z.literal("system"), content }),
        z.strictObject({ role: z.literal("developer"), content }),
        z.strictObject({ role: z.literal("user"), content, name: text.optional() }),
        z.strictObject({
          role: z.literal("assistant"),
          content: content.nullable().optional(),
          tool_calls: z.array(tool_call).min(1).optional(),
        }),
        z.strictObject({ role: z.literal("tool"), tool_call_id: text, content }),
      ]),
    )
    .min(1),
  tools: z
    .array(
      z.strictObject({
        type: z.literal("function"),
        function: z.strictObject({ ...named, parameters, strict: z.boolean().optional() }),
      }),
    )
    .min(1)
    .optional(),
  tool_choice: z
    .union([
      plain_choice,
      z.strictObject({
        type: z.literal("function"),
        function: z.strictObject({ name: text }),
      }),
    ])
    .optional(),
  parallel_tool_calls: z.boolean().optional(),
  max_completion_tokens: z.int().positive().optional(),
  reasoning_effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh"]).optional(),
  temperature: z.number().min(0).max(2).optional(),
  safety_identifier: text.optional(),
  prompt_cache_key: text.optional(),
  store: z.boolean().optional(),
  metadata,
});

/** POST /v1/responses */
export const responsesRequest = z.strictObject({
  model: text.min(1),
  instructions: text.optional(),
  input: z.union([
    text,
    z.array(
      z.union([
        z.strictObject({
          type: z.literal("message").optional(),
          role: z.enum(["user", "assistant", "system", "developer"]),
          content: response_content,
        }),
        z.strictObject({
          type: z.literal("function_call"),
          id: text.optional(),
          call_id: text,
          name: text,
          arguments: text,
          status: text.optional(),
        }),
        z.strictObject({ type: z.literal("function_call_output"), call_id: text, output: text }),
      ]),
    ),
  ]),
  tools: z
    .array(
      z.strictObject({
        type: z.literal("function"),
        ...named,
        parameters,
        strict: z.boolean().nullable().optional(),
      }),
    )
    .optional(),
  tool_choice: z
    .union([plain_choice, z.strictObject({ type: z.literal("function"), name: text })])
    .optional(),
  parallel_tool_calls: z.boolean().optional(),
  max_output_tokens: z.int().positive().optional(),
  reasoning: z.strictObject({ effort: text.optional() }).optional(),
  temperature: z.number().min(0).max(2).optional(),
  safety_identifier: text.optional(),
  store: z.boolean().optional(),
  metadata,
});

/** The text fields of POST /v1/audio/transcriptions (multipart), beside `file`. */
export const transcriptionFields = z.strictObject({
  model: text.min(1),
  language: text.optional(),
  prompt: text.optional(),
  response_format: z.enum(["json", "text"]).optional(),
  temperature: text.optional(),
});

export type ChatRequest = z.infer<typeof chatRequest>;
export type ResponsesRequest = z.infer<typeof responsesRequest>;
