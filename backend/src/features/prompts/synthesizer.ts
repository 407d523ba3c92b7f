import type { Env } from "../../platform/env.ts";
import { withoutWavHeader } from "./wav.ts";

export type AudioFormat = "mp3" | "ulaw";

/** What speaks; its `voice` is part of a recording's identity. */
export interface Synthesizer {
  readonly voice: string;
  /** MP3 at 24 kHz, or bare µ-law at 8 kHz. @throws Error with a message that holds no secret */
  synthesize(text: string, format: AudioFormat): Promise<Buffer>;
}

export type GoogleSettings = Pick<
  Env,
  "GOOGLE_APPLICATION_CREDENTIALS" | "GCP_CREDENTIALS_JSON" | "GOOGLE_TTS_ENDPOINT"
>;

const TIMEOUT_MS = 10_000;
// A man's voice, as the sentences speak of themselves in the masculine.
const VOICE = "he-IL-Wavenet-D";
const ENCODING = {
  mp3: { audioEncoding: "MP3", sampleRateHertz: 24_000 },
  ulaw: { audioEncoding: "MULAW", sampleRateHertz: 8_000 },
} as const;

/** Google's speech synthesis; null without credentials. */
export function createSynthesizer(env: GoogleSettings): Synthesizer | null {
  if (!env.GOOGLE_APPLICATION_CREDENTIALS && !env.GCP_CREDENTIALS_JSON) return null;
  let client: ReturnType<typeof connect> | undefined;
  return {
    voice: VOICE,
    async synthesize(text, format) {
      client ??= connect(env);
      client.catch(() => (client = undefined));
      const [{ audioContent }] = await (
        await client
      ).synthesizeSpeech(
        {
          input: { text },
          voice: { languageCode: "he-IL", name: VOICE },
          audioConfig: ENCODING[format],
        },
        { timeout: TIMEOUT_MS, maxRetries: 1 },
      );
      return checked(Buffer.from(audioContent ?? ""), format);
    },
  };
}

async function connect(env: GoogleSettings) {
  // A heavy library, loaded only where it is used. Its REST mode needs no gRPC connection, and can
  // be pointed at a test host.
  const { TextToSpeechClient } = await import("@google-cloud/text-to-speech");
  const client = new TextToSpeechClient({
    fallback: true,
    ...credentialsOf(env),
    ...endpointOf(env),
  });
  // Left to the first request, a failure in here would also end as an unhandled rejection.
  await client.initialize();
  return client;
}

function credentialsOf({ GCP_CREDENTIALS_JSON, GOOGLE_APPLICATION_CREDENTIALS }: GoogleSettings) {
  if (!GCP_CREDENTIALS_JSON) return { keyFilename: GOOGLE_APPLICATION_CREDENTIALS! };
  try {
    return { credentials: JSON.parse(GCP_CREDENTIALS_JSON) as Record<string, string> };
  } catch {
    // The parser's own message quotes the text.
    throw new Error("GCP_CREDENTIALS_JSON is not JSON");
  }
}

/** `host`, `host:port` or a whole origin; https unless the origin says http. */
function endpointOf({ GOOGLE_TTS_ENDPOINT: endpoint }: GoogleSettings) {
  if (!endpoint) return {};
  const url = URL.parse(endpoint.includes("://") ? endpoint : `https://${endpoint}`);
  if (!url) throw new Error("GOOGLE_TTS_ENDPOINT is neither a host nor a URL");
  const secure = url.protocol === "https:";
  return {
    apiEndpoint: url.hostname,
    port: Number(url.port) || (secure ? 443 : 80),
    protocol: secure ? "https" : "http",
  };
}

/** What is kept for months and played to callers is looked at first. */
function checked(answer: Buffer, format: AudioFormat): Buffer {
  // Google puts µ-law into a WAV file.
  const audio = format === "ulaw" ? withoutWavHeader(answer) : answer;
  const isMp3 =
    audio.toString("latin1", 0, 3) === "ID3" || (audio[0] === 0xff && audio[1]! >= 0xe0);
  if (audio.length < 500 || (format === "mp3" && !isMp3)) {
    throw new Error(`Google answered with ${answer.length} bytes that are no ${format}`);
  }
  return audio;
}
