import type { Env } from "../../../platform/env.ts";
import { GuardedFetchError } from "../../../platform/guarded-fetch.ts";
import type { GuardedFetch } from "../../../platform/guarded-fetch.ts";
import { GatewayRefused } from "../channel/index.ts";
import type { GatewayClient } from "../channel/index.ts";
import type { MediaRow } from "./store.ts";

/** Twilio's API, and where it may send us for the media. */
const TWILIO_HOSTS = ["api.twilio.com", ".twilio.com", ".twiliocdn.com"];
const TWILIO_API = "https://api.twilio.com";
const TIMEOUT_MS = 60_000;
const MAX_BYTES = 32 * 1024 * 1024;

/** The media can't be had, now or later. */
export class MediaLost extends Error {
  override name = "MediaLost";
  readonly reason: "gone" | "too_large" | "refused";

  constructor(reason: MediaLost["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Fetches the bytes of media. @throws MediaLost, or what may pass when it is tried again */
export type FetchMedia = (business_id: number, media: MediaRow) => Promise<Buffer>;

type TwilioSettings = Pick<Env, "TWILIO_ACCOUNT_SID" | "TWILIO_AUTH_TOKEN" | "TWILIO_API_BASE_URL">;

/** @param gateway null when no gateway is configured */
export function createMediaSource(
  env: TwilioSettings,
  fetch: GuardedFetch,
  gateway: Pick<GatewayClient, "media"> | null,
  max_bytes = MAX_BYTES,
): FetchMedia {
  return async (business_id, { source, source_ref }) =>
    source === "twilio" ? fromTwilio(source_ref) : fromGateway(business_id, source_ref);

  async function fromTwilio(url: string): Promise<Buffer> {
    const { TWILIO_ACCOUNT_SID: username, TWILIO_AUTH_TOKEN: password } = env;
    const base = env.TWILIO_API_BASE_URL;
    try {
      const answer = await fetch({
        url,
        hosts: TWILIO_HOSTS,
        test_origin: base === TWILIO_API ? undefined : base,
        basic_auth: username && password ? { username, password } : undefined,
        max_bytes,
        timeout_ms: TIMEOUT_MS,
      });
      if (answer.status === 410) throw new MediaLost("gone", "Twilio no longer has it");
      // 404 is also what Twilio says of media that is not ready yet.
      if (answer.status !== 200) throw new Error(`Twilio answered ${answer.status}`);
      return answer.body;
    } catch (error) {
      if (!(error instanceof GuardedFetchError)) throw error;
      const { reason, message } = error;
      throw reason === "refused" || reason === "too_large" ? new MediaLost(reason, message) : error;
    }
  }

  async function fromGateway(business_id: number, ref: string): Promise<Buffer> {
    if (!gateway) throw new MediaLost("refused", "no gateway is configured");
    const found = await gateway.media(business_id, ref).catch((error: unknown) => {
      if (!(error instanceof GatewayRefused)) throw error;
      if (error.status === 413) throw new MediaLost("too_large", error.message);
      // Not connected now, too many at once: it may have it later.
      throw error;
    });
    if (!found) throw new MediaLost("gone", "the gateway no longer has it");
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of found.body) {
      size += chunk.length;
      if (size > max_bytes) throw new MediaLost("too_large", `more than ${max_bytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }
}
