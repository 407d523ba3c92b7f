import type twilio from "twilio";
import type { Clock } from "../../../platform/clock.ts";
import type { Carrier, Outcome, Outgoing, Standing } from "./carrier.ts";

/** The customer's window is closed: only an approved template goes. */
const WINDOW_CLOSED = 63016;
/** Connections that were never made. */
const NEVER_ASKED = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"]);
/** A message that Twilio took is in its list by then. */
const LISTED_MS = 60_000;
/** By how much Twilio's clock and ours may differ. */
const SKEW_MS = 600_000;
const LOOKED_THROUGH = 50;

export interface TwilioCarrierDeps {
  client: twilio.Twilio | null;
  clock: Clock;
  /** Where Twilio tells how a message fares. */
  status_callback: string;
  /** Twilio's words for an error code, in the business's language. */
  words: (business_id: number, code: string, said: string) => Promise<string>;
  /** Whether this message id of Twilio's is known to be another message's. */
  isKnown: (business_id: number, sid: string) => Promise<boolean>;
}

interface RestError {
  status?: number;
  code?: number | string;
  message?: string;
}

/** The way by Twilio. */
export function twilioCarrier(deps: TwilioCarrierDeps): Carrier {
  const { client, clock } = deps;
  if (!client) return disabled;

  return {
    async send(message) {
      const [from] = message.senders;
      if (!from) return { kind: "refused", error: "no_sender: TWILIO_WA_FROM is not set" };
      try {
        const { sid } = await client.messages.create({
          from: whatsapp(from),
          to: whatsapp(message.to),
          statusCallback: deps.status_callback,
          ...contentOf(message),
        });
        return { kind: "accepted", provider_msg_id: sid, sure: true };
      } catch (error) {
        return failed(error as RestError, message);
      }
    },

    /** Twilio has no key to ask by, but it lists what it took. */
    async withdraw(message) {
      const { business_id, attempt_at } = message;
      try {
        for (const { sid, body } of await listed(message)) {
          if (!same(message, body) || (await deps.isKnown(business_id, sid))) continue;
          return { kind: "accepted", provider_msg_id: sid, sure: true };
        }
      } catch (error) {
        return { kind: "unknown", why: textOf(error as RestError) };
      }
      if (clock.now() - attempt_at < LISTED_MS) {
        return { kind: "unknown", why: "Twilio's answer was lost; its list is looked through" };
      }
      return { kind: "not_taken", why: "Twilio does not list the message" };
    },

    async standing({ business_id, provider_msg_id }): Promise<Standing> {
      try {
        const { status, errorCode, errorMessage } = await client
          .messages(provider_msg_id ?? "")
          .fetch();
        if (status === "sent" || status === "delivered" || status === "read") {
          return { kind: "told", status };
        }
        if (status !== "failed" && status !== "undelivered" && status !== "canceled") {
          return { kind: "pending" };
        }
        const code = errorCode ? String(errorCode) : "";
        const error = await deps.words(business_id, code, errorMessage ?? status);
        return { kind: "failed", error };
      } catch (error) {
        return { kind: "unknown", why: textOf(error as RestError) };
      }
    },
  };

  /**
   * What went to this customer since the attempt began, the latest first. The customer may have
   * written to another number since, and it may have gone from any of them.
   */
  async function listed({ to, senders, attempt_at }: Outgoing) {
    const found = await client!.messages.list({
      to: whatsapp(to),
      limit: LOOKED_THROUGH,
      pageSize: LOOKED_THROUGH,
    });
    const ours = new Set(senders.map(whatsapp));
    const since = attempt_at - SKEW_MS;
    return found.filter(({ from, dateCreated }) => ours.has(from) && dateCreated.getTime() > since);
  }

  async function failed(error: RestError, { business_id }: Outgoing): Promise<Outcome> {
    const { status, code } = error;
    const why = textOf(error);
    if (status === undefined) {
      const never = NEVER_ASKED.has(String(code));
      return never ? { kind: "not_taken", why } : { kind: "unknown", why };
    }
    if (status === 429) return { kind: "not_taken", why };
    if (status >= 500) return { kind: "unknown", why };
    const said = error.message ?? "";
    const words = await deps.words(business_id, code ? String(code) : "", said);
    if (code === WINDOW_CLOSED) return { kind: "not_taken", why: words, window_closed: true };
    return { kind: "refused", error: words };
  }
}

const disabled: Carrier = {
  send: async () => ({ kind: "not_taken", why: "Twilio is not configured" }),
  withdraw: async () => ({ kind: "unknown", why: "Twilio is not configured" }),
  standing: async () => ({ kind: "unknown", why: "Twilio is not configured" }),
};

const whatsapp = (number: string): string =>
  number.startsWith("whatsapp:") ? number : `whatsapp:${number}`;

function contentOf({ text, media, template }: Outgoing) {
  if (template) {
    return {
      contentSid: template.content_sid,
      contentVariables: JSON.stringify(template.variables),
    };
  }
  return { ...(text !== null && { body: text }), ...(media && { mediaUrl: [media.url] }) };
}

/** Twilio keeps a text as it was given; of a template it tells the filled-in text or nothing. */
function same({ text, template }: Outgoing, body: string | null): boolean {
  const told = body ?? "";
  return told.trim() === (text ?? "").trim() || (template !== null && told === "");
}

function textOf({ status, code, message }: RestError): string {
  const where = status === undefined ? String(code ?? "no answer") : `status ${status}`;
  return `Twilio: ${where}${status === undefined ? "" : ` ${message ?? ""}`}`.trim();
}
