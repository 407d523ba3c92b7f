import { randomBytes } from "node:crypto";

export type MessageStatus =
  | "queued"
  | "sent"
  | "delivered"
  | "read"
  | "failed"
  | "undelivered"
  | "received";

/** A message that Twilio carries, in either direction. */
export interface SimMessage {
  sid: string;
  /** As they were sent to the API; of an inbound message To, From and Body. */
  params: Record<string, string | string[]>;
  direction: "outbound-api" | "inbound";
  body: string;
  status: MessageStatus;
  error_code: number | null;
  created_at: Date;
  media: { sid: string; type: string; bytes: Buffer }[];
}

export const newSid = (prefix: string): string => prefix + randomBytes(16).toString("hex");

/** The resource as the REST API shows it. */
export function messageResource(message: SimMessage, account_sid: string) {
  const { sid, params, direction, body, status, error_code, created_at, media } = message;
  const date_created = created_at.toUTCString().replace("GMT", "+0000");
  return {
    ...{ sid, account_sid, body, status, direction, error_code, date_created },
    to: params.To,
    from: params.From ?? null,
    messaging_service_sid: params.MessagingServiceSid ?? null,
    date_updated: date_created,
    date_sent: status === "queued" ? null : date_created,
    error_message: null,
    num_media: String(media.length),
    num_segments: "1",
    price: null,
    price_unit: null,
    api_version: "2010-04-01",
    uri: `/2010-04-01/Accounts/${account_sid}/Messages/${sid}.json`,
    subresource_uris: {},
  };
}
