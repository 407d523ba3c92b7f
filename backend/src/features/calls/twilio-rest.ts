import twilio from "twilio";
import type { Env } from "../../platform/env.ts";

/** Twilio's codes for a call that is over: there is nobody left to redirect. */
const NO_SUCH_CALL = 20404;
const CALL_IS_OVER = new Set([NO_SUCH_CALL, 21220]);

/** A call as Twilio knows it; numbers are Twilio's words. */
export interface KnownCall {
  call_sid: string;
  from: string;
  to: string;
  inbound: boolean;
  status: string;
  duration_seconds: number | null;
  ended_at: Date | null;
}

/** What a caller left, with the address it can be fetched from. */
export interface LeftRecording {
  recording_sid: string;
  url: string;
  seconds: string;
}

export interface TwilioRest {
  /** false without credentials: nothing can be asked. */
  readonly enabled: boolean;
  /**
   * Puts `twiml` in place of what the call is doing.
   * @throws when Twilio can't be reached or refuses; the job tries again
   */
  redirect(call_sid: string, twiml: string): Promise<"redirected" | "call_over">;
  /** The call, or null when the account has none of this name. @throws like `redirect` */
  find(call_sid: string): Promise<KnownCall | null>;
  /** The first message that was left in a call. @throws like `redirect` */
  recordingOf(call_sid: string): Promise<LeftRecording | null>;
  /** The account's calls that began since. @throws like `redirect` */
  since(began: Date): Promise<KnownCall[]>;
}

type Instance = Awaited<ReturnType<twilio.Twilio["calls"]["list"]>>[number];

const known = (call: Instance): KnownCall => ({
  ...{ call_sid: call.sid, from: call.from, to: call.to, status: call.status },
  inbound: call.direction === "inbound",
  duration_seconds: call.duration === null ? null : Number(call.duration),
  ended_at: call.endTime,
});

/** More in one outage are not looked for. */
const MAX_CALLS = 1000;

/** Twilio's REST API; without credentials every use throws, saying so. */
export function createTwilioRest(env: Env): TwilioRest {
  const { TWILIO_ACCOUNT_SID: account, TWILIO_AUTH_TOKEN: token } = env;
  const client = account && token ? twilio(account, token, { timeout: 5000 }) : null;
  if (client) client.api.baseUrl = env.TWILIO_API_BASE_URL;

  const api = () => {
    if (client) return client;
    throw new Error("Twilio is not configured (TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN)");
  };

  return {
    enabled: client !== null,

    async redirect(call_sid, twiml) {
      try {
        await api().calls(call_sid).update({ twiml });
        return "redirected";
      } catch (error) {
        if (CALL_IS_OVER.has((error as { code?: number }).code ?? 0)) return "call_over";
        throw error;
      }
    },

    async find(call_sid) {
      try {
        return known(await api().calls(call_sid).fetch());
      } catch (error) {
        if ((error as { code?: number }).code === NO_SUCH_CALL) return null;
        throw error;
      }
    },

    async recordingOf(call_sid) {
      const [left] = await api().calls(call_sid).recordings.list({ limit: 1 });
      if (!left) return null;
      const path = `/2010-04-01/Accounts/${account}/Recordings/${left.sid}`;
      const url = `${env.TWILIO_API_BASE_URL}${path}`;
      return { recording_sid: left.sid, url, seconds: left.duration };
    },

    async since(began) {
      const all = await api().calls.list({ startTimeAfter: began, limit: MAX_CALLS });
      return all.map(known);
    },
  };
}
