import type { GatewayMessageEvent } from "@agentlocator/contract";
import type { proto } from "@whiskeysockets/baileys";
import { contentOf } from "./content.ts";
import { customerJid, digitsOf, isLid } from "../session/jid.ts";
import { mediaRef } from "../media/media-ref.ts";

/** What the outside of a message says: who, when, in which chat. */
export interface Envelope {
  readonly id: string;
  /** Where an answer goes: the address that the chat has now. */
  readonly remote_jid: string;
  /** The same person's other address, when WhatsApp told it. */
  readonly alt_jid: string | null;
  readonly from_me: boolean;
  readonly push_name: string | null;
  /** Unix seconds. */
  readonly timestamp: number;
}

/** The account that reads. */
export interface Self {
  readonly id: string;
  readonly lid: string | null;
}

const LONGEST_ID = 200;

/** @returns null when it is not of a chat with one person */
export function envelopeOf(attrs: Record<string, string>, self: Self): Envelope | null {
  const from = customerJid(attrs["from"]);
  const { id, notify, t } = attrs;
  if (!from || !id || id.length > LONGEST_ID || attrs["participant"]) return null;
  const mine = [customerJid(self.id), customerJid(self.lid)].includes(from);
  const remote_jid = mine ? customerJid(attrs["recipient"]) : from;
  // Without a recipient it is from our own phone to this device: not a message to a person.
  if (!remote_jid) return null;
  const alts = mine
    ? ["peer_recipient_pn", "peer_recipient_lid", "recipient_pn", "recipient_lid"]
    : ["sender_pn", "sender_lid"];
  const alt_jid = alts
    .map((name) => customerJid(attrs[name]))
    .find((alt) => alt && isLid(alt) !== isLid(remote_jid));
  return {
    id,
    remote_jid,
    alt_jid: alt_jid ?? null,
    from_me: mine,
    push_name: (!mine && notify?.slice(0, 300)) || null,
    timestamp: Number(t) || Math.floor(Date.now() / 1000),
  };
}

/**
 * A decrypted message as the backend is told about it.
 * @returns null for what is not a message to a person, e.g. keys and history
 */
export function messageEvent(
  business_id: number,
  envelope: Envelope,
  message: proto.IMessage,
): GatewayMessageEvent | null {
  const content = contentOf(message);
  if (!content) return null;
  const { media, ...rest } = content;
  return {
    ...outside(business_id, envelope),
    ...rest,
    media: media && { ref: mediaRef(envelope), ...media },
  };
}

/** A message that came but can't be read; the same id may follow readable. */
export function undecryptableEvent(business_id: number, envelope: Envelope): GatewayMessageEvent {
  return {
    ...outside(business_id, envelope),
    type: "undecryptable",
    text: null,
    media: null,
    location: null,
    reply_to: null,
    target: null,
  };
}

function outside(business_id: number, envelope: Envelope) {
  const { id, remote_jid, alt_jid, from_me, push_name, timestamp } = envelope;
  const both = [remote_jid, ...(alt_jid ? [alt_jid] : [])];
  return {
    event: "message",
    business_id,
    id,
    remote_jid,
    from: both.map(digitsOf).find(Boolean) ?? "",
    lid: both.find(isLid) ?? null,
    from_me,
    push_name,
    timestamp,
  } as const;
}
