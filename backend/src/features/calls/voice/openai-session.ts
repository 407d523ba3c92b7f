import type { RealtimeSessionCreateRequest } from "openai/resources/realtime/realtime";
import type { CallBrief } from "./ports.ts";
import { primaryLanguage, speakOnly } from "./language.ts";

export interface OpenAiRealtimeSettings {
  api_key: string;
  /** The SDK's base URL, `https://api.openai.com/v1`. */
  base_url: string;
  /** Such as `gpt-realtime-2.1`. */
  model: string;
  transcribe_model: string;
  /** What is asked for. `pcm` is for accounts whose sessions do not take µ-law. */
  audio?: "pcmu" | "pcm";
  /** Open and configured within this; 2500 when absent. */
  connect_ms?: number;
}

export type AudioFormat = "pcmu" | "pcm";

/** `https://host/v1` → `wss://host/v1/realtime?model=…`; http becomes ws. */
export function realtimeUrl(base_url: string, model: string): string {
  const url = new URL(base_url);
  url.protocol = url.protocol === "http:" || url.protocol === "ws:" ? "ws:" : "wss:";
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/realtime`;
  url.search = "";
  url.searchParams.set("model", model);
  return url.toString();
}

function format(audio: AudioFormat): { type: "audio/pcmu" } | { type: "audio/pcm"; rate: 24000 } {
  return audio === "pcmu" ? { type: "audio/pcmu" } : { type: "audio/pcm", rate: 24_000 };
}

/**
 * The session of one call. The server detects speech but neither answers nor interrupts by
 * itself: it cannot know what was heard, nor tell the caller from somebody in the background.
 */
export function sessionConfig(
  brief: CallBrief,
  settings: OpenAiRealtimeSettings,
  audio: AudioFormat,
): RealtimeSessionCreateRequest {
  const language = primaryLanguage(brief.language);
  return {
    type: "realtime",
    output_modalities: ["audio"],
    instructions: `${brief.instructions}\n\n${speakOnly(brief.language)}`,
    tools: brief.tools.map((tool) => ({
      type: "function",
      name: tool.name,
      description: tool.description,
      parameters: tool.parameters,
    })),
    tool_choice: "auto",
    max_output_tokens: 1024,
    truncation: { type: "retention_ratio", retention_ratio: 0.8 },
    audio: {
      input: {
        format: format(audio),
        transcription: { model: settings.transcribe_model, language },
        turn_detection: {
          type: "server_vad",
          threshold: 0.5,
          prefix_padding_ms: 300,
          silence_duration_ms: 500,
          create_response: false,
          interrupt_response: false,
        },
      },
      output: { format: format(audio), voice: brief.voice },
    },
  };
}

/**
 * The formats a session says it uses, from `session.updated`. `null`: it does not say;
 * `mismatch`: not one that can be spoken.
 */
export function echoedFormat(session: unknown): AudioFormat | "mismatch" | null {
  const audio = pick(session, "audio");
  const both = [pick(audio, "input"), pick(audio, "output")].map((side) => {
    const given = pick(side, "format");
    if (given === undefined) return null;
    const type = typeof given === "string" ? given : pick(given, "type");
    if (type === "audio/pcmu") return "pcmu";
    const rate = pick(given, "rate");
    if (type === "audio/pcm" && (rate === undefined || rate === 24_000)) return "pcm";
    return "mismatch";
  });
  const [input, output] = both;
  if (input === null && output === null) return null;
  return input === output && input !== undefined ? input : "mismatch";
}

function pick(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as Record<string, unknown>)[key];
}
