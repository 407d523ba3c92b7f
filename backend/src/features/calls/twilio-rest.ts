import twilio from "twilio";
import type { Env } from "../../platform/env.ts";

/** Twilio's codes for a call that is over: there is nobody left to redirect. */
const CALL_IS_OVER = new Set([20404, 21220]);

export interface TwilioRest {
  /**
   * Puts `twiml` in place of what the call is doing.
   * @throws when Twilio can't be reached or refuses; the job tries again
   */
  redirect(call_sid: string, twiml: string): Promise<"redirected" | "call_over">;
}

/** Twilio's REST API; without credentials every use throws, saying so. */
export function createTwilioRest(env: Env): TwilioRest {
  const { TWILIO_ACCOUNT_SID: account, TWILIO_AUTH_TOKEN: token } = env;
  const client = account && token ? twilio(account, token, { timeout: 5000 }) : null;
  if (client) client.api.baseUrl = env.TWILIO_API_BASE_URL;

  return {
    async redirect(call_sid, twiml) {
      if (!client)
        throw new Error("Twilio is not configured (TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN)");
      try {
        await client.calls(call_sid).update({ twiml });
        return "redirected";
      } catch (error) {
        if (CALL_IS_OVER.has((error as { code?: number }).code ?? 0)) return "call_over";
        throw error;
      }
    },
  };
}
