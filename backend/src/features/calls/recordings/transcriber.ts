import OpenAI, { toFile } from "openai";
import type { Env } from "../../../platform/env.ts";

/** @param language ISO 639-1 @returns what was said, or '' @throws TranscriptionRefused, or OpenAI's error */
export type Transcribe = (
  audio: Buffer,
  content_type: "audio/wav" | "audio/mpeg",
  language: string,
) => Promise<string>;

/** The model will not take this recording; trying again is of no use. */
export class TranscriptionRefused extends Error {
  override name = "TranscriptionRefused";
}

const REFUSALS = new Set([400, 413, 415, 422]);

type OpenAiSettings = Pick<Env, "OPENAI_API_KEY" | "OPENAI_BASE_URL" | "OPENAI_TRANSCRIBE_MODEL">;

/** Null without a key. */
export function createTranscriber(env: OpenAiSettings): Transcribe | null {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseURL, OPENAI_TRANSCRIBE_MODEL: model } = env;
  if (!apiKey) return null;
  // The job tries again by itself, later than the library would.
  const client = new OpenAI({ apiKey, baseURL, maxRetries: 0, timeout: 60_000 });
  return async (audio, content_type, language) => {
    const name = content_type === "audio/wav" ? "recording.wav" : "recording.mp3";
    const file = await toFile(audio, name, { type: content_type });
    try {
      const { text } = await client.audio.transcriptions.create({ file, model, language });
      return text.trim();
    } catch (error) {
      if (error instanceof OpenAI.APIError && REFUSALS.has(error.status)) {
        throw new TranscriptionRefused(error.message);
      }
      throw error;
    }
  };
}
