import type { TwilioParams } from "../../../http/twilio-signature.ts";
import { normalisePhone } from "../../../platform/phone.ts";
import { kindOf } from "./gateway-event.ts";
import type { InboundMedia, InboundMessage, MessageType, Receipt } from "./inbound-message.ts";
import { placeText } from "./place.ts";

/** Twilio's own bound for one message. */
const MOST_MEDIA = 10;
const SID = /^[A-Z]{2}[0-9a-f]{32}$/i;

/** Reads a message that came to a WhatsApp number at Twilio; null when it names none. */
export function readTwilioMessage(params: TwilioParams): InboundMessage | null {
  const sid = sidOf(params);
  if (!sid) return null;
  const count = Math.min(Number(params.NumMedia) || 0, MOST_MEDIA);
  const media = Array.from({ length: count }, (_, n) => mediaOf(params, n)).filter(
    (m) => m !== null,
  );
  const place = placeOf(params);
  return {
    provider: "twilio",
    provider_msg_id: sid,
    from_me: false,
    to_number: normalisePhone(params.To ?? ""),
    number: params.From || params.WaId || null,
    lid: null,
    remote_jid: null,
    name: params.ProfileName ?? null,
    type: typeOf(params, media, place !== null),
    text: [params.Body, place].filter(Boolean).join("\n") || (params.Body ?? null),
    media,
    reply_to: params.OriginalRepliedMessageSid ?? null,
    target: null,
    at: null,
  };
}

/** The message that a webhook of Twilio's messaging is about. */
export function sidOf(params: TwilioParams): string | null {
  const sid = params.MessageSid ?? params.SmsMessageSid ?? params.SmsSid ?? "";
  return SID.test(sid) ? sid : null;
}

function mediaOf(params: TwilioParams, n: number): InboundMedia | null {
  const source_ref = params[`MediaUrl${n}`];
  if (!source_ref) return null;
  const claimed_type = params[`MediaContentType${n}`] ?? "";
  // What Twilio delivers of a voice note says it no other way.
  const voice = claimed_type.startsWith("audio/ogg");
  return { source: "twilio", source_ref, claimed_type, file_name: null, seconds: null, voice };
}

function placeOf(params: TwilioParams): string | null {
  const { Latitude, Longitude, Label, Address } = params;
  const [latitude, longitude] = [Number(Latitude), Number(Longitude)];
  if (!Latitude || !Longitude || !Number.isFinite(latitude + longitude)) return null;
  const name = [Label, Address].filter(Boolean).join(", ");
  return placeText(latitude, longitude, name || null);
}

function typeOf(params: TwilioParams, media: InboundMedia[], place: boolean): MessageType {
  const [first] = media;
  if (params.MessageType === "sticker") return "sticker";
  if (first) return /vcard/i.test(first.claimed_type) ? "contact" : kindOf(first.claimed_type);
  if (place) return "location";
  return params.Body || params.MessageType === "text" ? "text" : "unsupported";
}

const STATUSES: Record<string, Receipt["status"]> = {
  sent: "sent",
  delivered: "delivered",
  read: "read",
  undelivered: "failed",
  failed: "failed",
};

/** Reads a status callback; null for what says nothing new (`queued`, `sending`) or names nothing. */
export function readTwilioStatus(params: TwilioParams): Omit<Receipt, "error"> | null {
  const status = STATUSES[params.MessageStatus ?? params.SmsStatus ?? ""];
  const provider_msg_id = sidOf(params);
  return status && provider_msg_id ? { provider: "twilio", provider_msg_id, status } : null;
}
