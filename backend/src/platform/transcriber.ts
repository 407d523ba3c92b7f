import OpenAI, { toFile } from "openai";
import type { Env } from "./env.ts";

/**
 * @param language BCP 47
 * @returns what was said, or ''
 * @throws TranscriptionRefused, or OpenAI's error
 */
export type Transcribe = (
  audio: Buffer,
  content_type: string,
  language: string,
  signal?: AbortSignal,
) => Promise<string>;

/** The model will not take this recording; trying again is of no use. */
export class TranscriptionRefused extends Error {
  override name = "TranscriptionRefused";
}

const REFUSALS = new Set([400, 413, 415, 422]);
/** What the model takes goes by the file's name. */
const EXTENSION: Record<string, string> = {
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "audio/mpeg": "mp3",
  "audio/mp4": "m4a",
  "audio/x-m4a": "m4a",
  "audio/ogg": "ogg",
  "audio/opus": "ogg",
  "audio/webm": "webm",
  "audio/flac": "flac",
};

type OpenAiSettings = Pick<Env, "OPENAI_API_KEY" | "OPENAI_BASE_URL" | "OPENAI_TRANSCRIBE_MODEL">;

/** Null without a key. */
export function createTranscriber(env: OpenAiSettings): Transcribe | null {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseURL, OPENAI_TRANSCRIBE_MODEL: model } = env;
  if (!apiKey) return null;
  // The job tries again by itself, later than the library would.
  const client = new OpenAI({ apiKey, baseURL, maxRetries: 0, timeout: 60_000 });
  return async (audio, content_type, language, signal) => {
    const type = content_type.split(";")[0]!.trim().toLowerCase();
    const extension = EXTENSION[type];
    if (!extension) throw new TranscriptionRefused(`no sound of type ${type}`);
    const file = await toFile(audio, `recording.${extension}`, { type });
    const asked = { file, model, language: language.slice(0, 2) };
    try {
      const { text } = await client.audio.transcriptions.create(asked, { signal });
      return text.trim();
    } catch (error) {
      if (error instanceof OpenAI.APIError && REFUSALS.has(error.status)) {
        throw new TranscriptionRefused(error.message);
      }
      throw error;
    }
  };
}
