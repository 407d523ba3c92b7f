import { createHmac, timingSafeEqual } from "node:crypto";
import type { JsonValue } from "./bus/index.ts";
import { systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { deriveKey } from "./vault.ts";

export interface Signer {
  /**
   * A compact token `<payload>.<mac>` in base64url, readable by anybody and made by nobody else.
   * Single use is the affair of whoever redeems it.
   * @param ttl_seconds how long it is valid
   */
  sign(purpose: string, payload: JsonValue, ttl_seconds: number): string;
  /** The payload, or null when the token is wrong in any way: forged, stale, of another purpose. */
  verify(purpose: string, token: string): JsonValue | null;
}

const MAX_TOKEN_LENGTH = 4096;

/** Signs what leaves and comes back: stream tokens, links. Each purpose has its own key. */
export function createSigner(app_secret: string, clock: Clock = systemClock): Signer {
  const mac = (purpose: string, body: string) =>
    createHmac("sha256", deriveKey(app_secret, `signer/v1/${purpose}`))
      .update(body)
      .digest();

  return {
    sign(purpose, payload, ttl_seconds) {
      const expires_at = Math.floor(clock.now() / 1000) + ttl_seconds;
      const body = Buffer.from(JSON.stringify([expires_at, payload])).toString("base64url");
      return `${body}.${mac(purpose, body).toString("base64url")}`;
    },

    verify(purpose, token) {
      const [body, signature, ...rest] = token.split(".");
      if (!body || !signature || rest.length > 0 || token.length > MAX_TOKEN_LENGTH) return null;
      const expected = mac(purpose, body);
      const given = Buffer.from(signature, "base64url");
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
      // Only our own JSON comes as far as here.
      const [expires_at, payload] = JSON.parse(Buffer.from(body, "base64url").toString()) as [
        number,
        JsonValue,
      ];
      return clock.now() / 1000 < expires_at ? payload : null;
    },
  };
}
