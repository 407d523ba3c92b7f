import type { MESSAGE_TYPES } from "@agentlocator/contract";

export type Provider = "baileys" | "twilio";
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** Where the bytes of a message's media are, and what its sender says of them. */
export interface InboundMedia {
  source: "twilio" | "gateway";
  /** Twilio's address, or the gateway's reference. */
  source_ref: string;
  claimed_type: string;
  file_name: string | null;
  seconds: number | null;
  voice: boolean;
}

/** A message as either provider brings it, before it is known whose it is. */
export interface InboundMessage {
  provider: Provider;
  provider_msg_id: string;
  /** Typed on the owner's own phone. */
  from_me: boolean;
  /** The customer's number as it was written; null when only the LID is known. */
  number: string | null;
  /** Which of the business's numbers it came to, E.164; null when that goes without saying. */
  to_number: string | null;
  /** `…@lid` */
  lid: string | null;
  /** Where the gateway marks it as read. */
  remote_jid: string | null;
  name: string | null;
  type: MessageType;
  text: string | null;
  media: InboundMedia[];
  /** The provider's id of the message that this one answers. */
  reply_to: string | null;
  /** Of a reaction, an edit or a delete: the provider's id of the message that it is about. */
  target: string | null;
  /** When it was written, by the provider; null when it does not say. */
  at: Date | null;
}

/** What is known of a message of ours. */
export interface Receipt {
  provider: Provider;
  provider_msg_id: string;
  status: "sent" | "delivered" | "read" | "failed";
  error: string | null;
}
