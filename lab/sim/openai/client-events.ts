/**
 * Every event a client may send on a Realtime (GA) WebSocket, field by field. What is not listed
 * is refused: a field of the retired beta or of WebRTC is a mistake here, not an option.
 */
import { z } from "zod";

const id = z.string().min(1).max(512);
const text = z.string();
const status = z.enum(["completed", "incomplete", "in_progress"]).optional();
const object = z.literal("realtime.item").optional();

const format = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("audio/pcmu") }),
  z.strictObject({ type: z.literal("audio/pcm"), rate: z.literal(24_000) }),
]);
const voice = z.union([
  z.enum(["alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"]),
  z.strictObject({ id }),
]);
const tool = z.strictObject({
  type: z.literal("function"),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  description: text.optional(),
  parameters: z.looseObject({ type: z.literal("object") }).optional(),
});
const tool_choice = z.union([
  z.enum(["none", "auto", "required"]),
  z.strictObject({ type: z.literal("function"), name: text }),
]);
const turn_detection = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("server_vad"),
    threshold: z.number().min(0).max(1).optional(),
    prefix_padding_ms: z.int().min(0).optional(),
    silence_duration_ms: z.int().min(0).optional(),
    create_response: z.boolean().optional(),
    interrupt_response: z.boolean().optional(),
    idle_timeout_ms: z.int().min(5000).max(30_000).nullable().optional(),
  }),
  z.strictObject({
    type: z.literal("semantic_vad"),
    eagerness: z.enum(["low", "medium", "high", "auto"]).optional(),
    create_response: z.boolean().optional(),
    interrupt_response: z.boolean().optional(),
  }),
]);
const transcription = z.strictObject({
  model: z.string().min(1).optional(),
  language: z.string().min(2).max(5).optional(),
  languages: z.array(text).optional(),
  prompt: text.optional(),
  keywords: z.array(text).optional(),
  delay: z.enum(["minimal", "low", "medium", "high", "xhigh"]).optional(),
});
const modalities = z.union([z.tuple([z.literal("audio")]), z.tuple([z.literal("text")])]);
const max_output_tokens = z.union([z.literal("inf"), z.int().min(1).max(4096)]);
const reasoning = z.strictObject({
  effort: z.enum(["minimal", "low", "medium", "high", "xhigh"]).optional(),
});

const session = z.strictObject({
  type: z.literal("realtime"),
  model: text.optional(),
  instructions: text.optional(),
  output_modalities: modalities.optional(),
  max_output_tokens: max_output_tokens.optional(),
  tools: z.array(tool).optional(),
  tool_choice: tool_choice.optional(),
  parallel_tool_calls: z.boolean().optional(),
  reasoning: reasoning.optional(),
  tracing: z.literal("auto").nullable().optional(),
  include: z.array(z.literal("item.input_audio_transcription.logprobs")).optional(),
  truncation: z
    .union([
      z.enum(["auto", "disabled"]),
      z.strictObject({
        type: z.literal("retention_ratio"),
        retention_ratio: z.number().min(0).max(1),
        token_limits: z.strictObject({ post_instructions: z.int().min(0) }).optional(),
      }),
    ])
    .optional(),
  audio: z
    .strictObject({
      input: z
        .strictObject({
          format: format.optional(),
          noise_reduction: z
            .strictObject({ type: z.enum(["near_field", "far_field"]) })
            .nullable()
            .optional(),
          transcription: transcription.nullable().optional(),
          turn_detection: turn_detection.nullable().optional(),
        })
        .optional(),
      output: z
        .strictObject({
          format: format.optional(),
          voice: voice.optional(),
          speed: z.number().min(0.25).max(1.5).optional(),
        })
        .optional(),
    })
    .optional(),
});

const message = { id: id.optional(), object, status, type: z.literal("message") };
const input_text = z.strictObject({ type: z.literal("input_text"), text });
const input_audio = z.strictObject({
  type: z.literal("input_audio"),
  audio: z.base64(),
  transcript: text.optional(),
});
const output_text = z.strictObject({ type: z.literal("output_text"), text });
const output_audio = z.strictObject({
  type: z.literal("output_audio"),
  audio: z.base64(),
  transcript: text.optional(),
});
const item = z.union([
  z.strictObject({ ...message, role: z.literal("system"), content: z.array(input_text).min(1) }),
  z.strictObject({
    ...message,
    role: z.literal("user"),
    content: z.array(z.union([input_text, input_audio])).min(1),
  }),
  z.strictObject({
    ...message,
    role: z.literal("assistant"),
    content: z.array(z.union([output_text, output_audio])).min(1),
  }),
  z.strictObject({
    id: id.optional(),
    object,
    status,
    type: z.literal("function_call"),
    name: text,
    call_id: id.optional(),
    arguments: text,
  }),
  z.strictObject({
    id: id.optional(),
    object,
    status,
    type: z.literal("function_call_output"),
    call_id: id,
    output: text,
  }),
]);

const response = z.strictObject({
  conversation: z.enum(["auto", "none"]).optional(),
  input: z
    .array(z.union([item, z.strictObject({ type: z.literal("item_reference"), id })]))
    .optional(),
  instructions: text.optional(),
  max_output_tokens: max_output_tokens.optional(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullable().optional(),
  output_modalities: modalities.optional(),
  parallel_tool_calls: z.boolean().optional(),
  reasoning: reasoning.optional(),
  tools: z.array(tool).optional(),
  tool_choice: tool_choice.optional(),
  audio: z
    .strictObject({
      output: z.strictObject({ format: format.optional(), voice: voice.optional() }).optional(),
    })
    .optional(),
});

const event_id = id.optional();
/** One client event, or the list of what is wrong with it. */
export const clientEvent = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("session.update"), event_id, session }),
  z.strictObject({
    type: z.literal("input_audio_buffer.append"),
    event_id,
    audio: z
      .base64()
      .min(1)
      .max(20 * 1024 * 1024),
  }),
  z.strictObject({ type: z.literal("input_audio_buffer.commit"), event_id }),
  z.strictObject({ type: z.literal("input_audio_buffer.clear"), event_id }),
  z.strictObject({
    type: z.literal("conversation.item.create"),
    event_id,
    item,
    previous_item_id: id.optional(),
  }),
  z.strictObject({
    type: z.literal("conversation.item.truncate"),
    event_id,
    item_id: id,
    content_index: z.literal(0),
    audio_end_ms: z.int().min(0),
  }),
  z.strictObject({ type: z.literal("conversation.item.delete"), event_id, item_id: id }),
  z.strictObject({ type: z.literal("conversation.item.retrieve"), event_id, item_id: id }),
  z.strictObject({
    type: z.literal("response.create"),
    event_id,
    response: response.optional(),
  }),
  z.strictObject({
    type: z.literal("response.cancel"),
    event_id,
    response_id: id.optional(),
  }),
]);

export type ClientEvent = z.infer<typeof clientEvent>;
export type SessionUpdate = z.infer<typeof session>;
export type ClientItem = z.infer<typeof item>;
export type ResponseParams = z.infer<typeof response>;
export type AudioFormat = z.infer<typeof format>;
export type FunctionTool = z.infer<typeof tool>;
export type TurnDetection = z.infer<typeof turn_detection>;
