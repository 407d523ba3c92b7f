import twilio from "twilio";
import type { Env } from "../../../platform/env.ts";

type TwilioEnv = Pick<Env, "TWILIO_ACCOUNT_SID" | "TWILIO_AUTH_TOKEN" | "TWILIO_API_BASE_URL">;

const OWN_API = "https://api.twilio.com";
const TIMEOUT_MS = 10_000;

/** Twilio's REST API; null without credentials. */
export function createTwilioClient(env: TwilioEnv): twilio.Twilio | null {
  const { TWILIO_ACCOUNT_SID: account, TWILIO_AUTH_TOKEN: token } = env;
  if (!account || !token) return null;
  const client = twilio(account, token, { timeout: TIMEOUT_MS });
  client.api.baseUrl = env.TWILIO_API_BASE_URL;
  // Another host stands in for all of Twilio's.
  if (env.TWILIO_API_BASE_URL !== OWN_API) client.content.baseUrl = env.TWILIO_API_BASE_URL;
  return client;
}
