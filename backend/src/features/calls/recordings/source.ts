import type { Env } from "../../../platform/env.ts";
import type { GuardedFetch } from "../../../platform/guarded-fetch.ts";
import { recordingType } from "./media-store.ts";

/** Twilio's API, and where it may send us for the media. */
const TWILIO_HOSTS = ["api.twilio.com", ".twilio.com", ".twiliocdn.com"];
const TWILIO_API = "https://api.twilio.com";
/** A recording has at most 30 s, 16 kB each; Twilio's own bound is far above. */
const MAX_BYTES = 10 * 1024 * 1024;
const TIMEOUT_MS = 20_000;

export interface FetchedRecording {
  audio: Buffer;
  content_type: "audio/wav" | "audio/mpeg";
}

export type FetchRecording = (url: string) => Promise<FetchedRecording>;

type TwilioSettings = Pick<Env, "TWILIO_ACCOUNT_SID" | "TWILIO_AUTH_TOKEN" | "TWILIO_API_BASE_URL">;

/**
 * Fetches a recording from Twilio with the account's credentials, and from nowhere else.
 * @throws GuardedFetchError, or an Error when Twilio does not give it (404: not ready yet)
 */
export function createRecordingSource(fetch: GuardedFetch, env: TwilioSettings): FetchRecording {
  const { TWILIO_ACCOUNT_SID: username, TWILIO_AUTH_TOKEN: password } = env;
  const basic_auth = username && password ? { username, password } : undefined;
  const base = env.TWILIO_API_BASE_URL;
  return async (url) => {
    const answer = await fetch({
      url,
      hosts: TWILIO_HOSTS,
      test_origin: base === TWILIO_API ? undefined : base,
      basic_auth,
      max_bytes: MAX_BYTES,
      timeout_ms: TIMEOUT_MS,
    });
    if (answer.status !== 200) throw new Error(`Twilio answered ${answer.status}`);
    const content_type = recordingType(answer.content_type);
    if (!content_type || answer.body.length === 0) {
      throw new Error(
        `Twilio sent ${answer.body.length} bytes of ${answer.content_type || "nothing"}`,
      );
    }
    return { audio: answer.body, content_type };
  };
}
