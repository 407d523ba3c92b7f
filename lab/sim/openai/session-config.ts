import type { AudioFormat, FunctionTool, SessionUpdate, TurnDetection } from "./client-events.ts";

/** The session as the service reports it in session.created and session.updated. */
export interface SessionConfig {
  type: "realtime";
  object: "realtime.session";
  id: string;
  model: string;
  expires_at: number;
  instructions: string;
  output_modalities: ["audio"] | ["text"];
  max_output_tokens: number | "inf";
  tools: FunctionTool[];
  tool_choice: NonNullable<SessionUpdate["tool_choice"]>;
  truncation: NonNullable<SessionUpdate["truncation"]>;
  audio: {
    input: {
      format: AudioFormat;
      noise_reduction: { type: string } | null;
      transcription: Record<string, unknown> | null;
      turn_detection: TurnDetection | null;
    };
    output: { format: AudioFormat; voice: unknown; speed: number };
  };
}

/** What a session is before the client's first session.update. */
export function freshSession(id: string, model: string): SessionConfig {
  return {
    type: "realtime",
    object: "realtime.session",
    id,
    model,
    expires_at: Math.floor(Date.now() / 1000) + 3600,
    instructions: "Your knowledge cutoff is 2023-10. You are a helpful, witty, and friendly AI.",
    output_modalities: ["audio"],
    max_output_tokens: "inf",
    tools: [],
    tool_choice: "auto",
    truncation: "auto",
    audio: {
      input: {
        format: { type: "audio/pcm", rate: 24_000 },
        noise_reduction: null,
        transcription: null,
        turn_detection: completed({ type: "server_vad" }),
      },
      output: { format: { type: "audio/pcm", rate: 24_000 }, voice: "marin", speed: 1 },
    },
  };
}

/** The session after an update: absent fields keep their value, null turns a feature off. */
export function updatedSession(before: SessionConfig, update: SessionUpdate): SessionConfig {
  const { audio, ...rest } = update;
  const input = { ...before.audio.input, ...defined(audio?.input ?? {}) };
  if (input.turn_detection) input.turn_detection = completed(input.turn_detection);
  const output = { ...before.audio.output, ...defined(audio?.output ?? {}) };
  return { ...before, ...defined(rest), audio: { input, output } } as SessionConfig;
}

function completed(detection: TurnDetection): TurnDetection {
  const common = { create_response: true, interrupt_response: true };
  if (detection.type === "semantic_vad") return { eagerness: "auto", ...common, ...detection };
  const silence = { prefix_padding_ms: 300, silence_duration_ms: 500, idle_timeout_ms: null };
  return { threshold: 0.5, ...silence, ...common, ...detection };
}

function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
