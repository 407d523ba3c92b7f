import type { GatewayEvent, GatewayMessageEvent } from "@agentlocator/contract";
import { proto, unpadRandomMax16 } from "@whiskeysockets/baileys";
import type { BinaryNode, WAMessage } from "@whiskeysockets/baileys";
import type { Logger } from "pino";
import type { Inbox, MessageStore, SendLedger } from "../storage/index.ts";
import { envelopeOf, messageEvent, undecryptableEvent } from "./incoming.ts";
import type { Envelope, Self } from "./incoming.ts";
import { voteIn } from "./votes.ts";
import { customerJid, isLid } from "../session/jid.ts";
import { enter } from "../sending/receipts.ts";
import type { Told } from "../sending/receipts.ts";
import type { Acquaintances } from "../sending/strangers.ts";
import { whyOf } from "../session/why.ts";

export interface IntakeDeps {
  readonly business_id: number;
  readonly inbox: Inbox;
  readonly messages: MessageStore;
  readonly ledger: SendLedger;
  readonly acquaintances: Acquaintances;
  readonly log: Logger;
}

/** The library's mark on what it could not decrypt. */
const CIPHERTEXT = 2;
const REMEMBERED = 5000;

const placeOf = ({ remote_jid, id }: Envelope): string => `${remote_jid}:${id}`;

function remember(places: Set<string>, place: string): void {
  places.add(place);
  for (const oldest of places) {
    if (places.size <= REMEMBERED) break;
    places.delete(oldest);
  }
}

/** Finds a person's phone address by the LID, from what the library has learnt. */
export type PhoneOf = (lid: string) => Promise<string | null>;

/** Brings what WhatsApp says into the inbox, from where it is delivered to the backend. */
export function createIntake(deps: IntakeDeps) {
  const { business_id, inbox, messages, ledger, acquaintances, log } = deps;

  /** Messages that are in the inbox, or were: the newest few thousand. */
  const taken = new Set<string>();
  const unreadable = new Set<string>();

  async function record(envelope: Envelope, bytes: Uint8Array, self?: Self): Promise<void> {
    const event = await read(envelope, bytes, self);
    if (!event || (envelope.from_me && ledger.statusOf(envelope.id))) return;
    const { id, remote_jid: chat, alt_jid, from_me } = envelope;
    acquaintances.add(chat, alt_jid);
    const stored = messages.put(
      from_me ? { fromMe: true, id } : { fromMe: false, id, chat },
      bytes,
    );
    // Media is asked for later; of words, only the quoting needs what is stored.
    if (event.media) await stored;
    else stored.catch((error: unknown) => failed("a message is not kept for quoting", error));
    await keep(event, `message:${placeOf(envelope)}`);
    remember(taken, placeOf(envelope));
    log.info({ business_id, id, type: event.type, from_me }, "[WA-INCOMING] message");
  }

  async function read(
    envelope: Envelope,
    bytes: Uint8Array,
    self?: Self,
  ): Promise<GatewayMessageEvent | null> {
    try {
      const message = proto.Message.decode(bytes);
      const event = messageEvent(business_id, envelope, message);
      const vote = self && (await voteIn(message, envelope, self, messages));
      return event && { ...event, ...vote };
    } catch (error) {
      failed("a message is of a shape that can't be read", error);
      return { ...undecryptableEvent(business_id, envelope), type: "unsupported" };
    }
  }

  async function keep(event: GatewayMessageEvent, key: string): Promise<void> {
    await inbox.record({ key, thread: event.from || event.lid || event.id, data: event });
  }

  function failed(what: string, error: unknown): void {
    log.error({ business_id, why: whyOf(error) }, `[WA-ERROR] ${what}`);
  }

  async function tell(event: GatewayEvent, key: string, thread: string): Promise<void> {
    try {
      await inbox.record({ key, thread, data: event });
    } catch (error) {
      failed("an event can't be kept for the backend", error);
    }
  }

  return {
    /** A decrypted message. Resolves when it is on the disk; rejects when it can't be. */
    async message(
      node: BinaryNode,
      padded: Uint8Array,
      self: Self,
      phoneOf: PhoneOf,
    ): Promise<void> {
      const envelope = envelopeOf(node.attrs, self);
      if (!envelope) return;
      await record(await withPhone(envelope, phoneOf), unpadRandomMax16(padded), self);
    },

    /**
     * A message as the library shows it. Most have been taken before; what is left came without
     * words that could be decrypted, or is the owner's phone's copy of such a one.
     * @param missing called once for a message without words
     */
    async upsert(shown: WAMessage, phoneOf: PhoneOf, missing: () => void): Promise<void> {
      const addressed = envelopeOfKey(shown);
      if (!addressed || taken.has(placeOf(addressed))) return;
      try {
        const envelope = await withPhone(addressed, phoneOf);
        if (shown.message) {
          await record(envelope, proto.Message.encode(shown.message).finish());
        } else if (shown.messageStubType === CIPHERTEXT && !unreadable.has(placeOf(envelope))) {
          remember(unreadable, placeOf(envelope));
          missing();
          const { id } = envelope;
          log.warn({ business_id, id }, "[WA-ERROR] a message could not be decrypted");
          const event = undecryptableEvent(business_id, envelope);
          await keep(event, `undecryptable:${placeOf(envelope)}`);
        }
      } catch (error) {
        failed("a message can't be kept", error);
      }
    },

    /** Whether a message's words have not come yet. */
    lacks(shown: WAMessage): boolean {
      const envelope = envelopeOfKey(shown);
      return envelope !== null && !taken.has(placeOf(envelope));
    },

    /** Enters it into the ledger and tells the backend what is news. */
    async told(told: Told): Promise<void> {
      try {
        for (const event of await enter(business_id, ledger, told)) {
          const { id, status, error } = event;
          log.info({ business_id, id, status, why: error }, "[WA-OUTGOING] receipt");
          await tell(event, `receipt:${id}:${status}`, `receipts:${event.remote_jid ?? ""}`);
        }
      } catch (error) {
        failed("a receipt can't be kept", error);
      }
    },

    tell,
  };
}

export type Intake = ReturnType<typeof createIntake>;

async function withPhone(envelope: Envelope, phoneOf: PhoneOf): Promise<Envelope> {
  if (envelope.alt_jid || !isLid(envelope.remote_jid)) return envelope;
  return { ...envelope, alt_jid: customerJid(await phoneOf(envelope.remote_jid)) };
}

function envelopeOfKey({ key, pushName, messageTimestamp }: WAMessage): Envelope | null {
  const remote_jid = customerJid(key.remoteJid);
  if (!remote_jid || !key.id) return null;
  return {
    id: key.id,
    remote_jid,
    alt_jid: customerJid(key.remoteJidAlt),
    from_me: key.fromMe === true,
    push_name: pushName?.slice(0, 300) || null,
    timestamp: Number(String(messageTimestamp ?? "")) || Math.floor(Date.now() / 1000),
  };
}
