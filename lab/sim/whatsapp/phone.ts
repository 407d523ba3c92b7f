import type { proto } from "@whiskeysockets/baileys";
import { Companion, type Registration } from "./companion.ts";
import { jidOf, type User } from "./conversation.ts";
import type { Customer } from "./customer.ts";
import { Faults, type AckFault, type Break, type LoginFault } from "./faults.ts";
import { Journal } from "./journal.ts";
import { mediaRetry } from "./media/retry.ts";
import { composed, seconds, type AnyContent, type Network } from "./network.ts";
import type { Pairing } from "./pairing.ts";
import { appStateKey, emptyHistory, resentMessage } from "./peer-messages.ts";
import { SignalDevice } from "./signal-device.ts";
import { child, Malformed, stanza, type Stanza } from "./stanza.ts";

export interface PhoneOptions {
  /** Digits; made from the number when absent. */
  lid?: string;
  /** The business's name. */
  name?: string;
  /** A new device gets its keys and an empty history from the phone. Default true. */
  history?: boolean;
}

/** What a companion sent, as its copy arrived on the owner's phone. */
export interface Synced {
  id: string;
  to: string;
  message: proto.IMessage;
}

type Attributes = Record<string, string | undefined>;

/** A business owner's phone: the primary device of an account. */
export class Phone implements User {
  readonly number: string;
  readonly lid: string;
  readonly name: string;
  /** Linked devices, by their number. */
  readonly companions = new Map<number, Companion>();
  /** Numbers of customers who wrote. */
  readonly known_customers = new Set<string>();
  /** Copies of what companions sent. */
  readonly synced = new Journal<Synced>();
  /** Ids of copies that could not be decrypted. */
  readonly unreadable: string[] = [];
  /** `available` and `unavailable`, as the client reports itself. */
  readonly presence = new Journal<string>();
  /** Strike when a companion of this account logs in. */
  readonly logins = new Faults<LoginFault>();
  /** Strike when the server is to answer a message. */
  readonly acks = new Faults<AckFault>();
  /** Messages to customers who never wrote are refused with 463. */
  restricted = false;
  /** A client is not linked by code or QR code alone; it is told so, and `scan` rejects. */
  demands_passkey = false;
  /** The phone answers a client that asks for a message it could not read. */
  resends_on_request = false;
  /** The owner's setting for read receipts. */
  read_receipts: "all" | "none" = "all";
  /** Customers for whom the client issued its token. */
  readonly tokens_issued = new Set<string>();
  /** What the client asked of the phone, e.g. to send a message again that it could not read. */
  readonly requests = new Journal<proto.Message.IPeerDataOperationRequestMessage>();
  readonly signal_name: string;
  #signal: SignalDevice | null = null;
  #network: Network;
  #pairing: Pairing;
  #history: boolean;
  #devices = 0;
  /** What went to companions, in case one asks again. */
  #sent = new Map<string, { message: proto.IMessage; attributes: Attributes }>();

  constructor(
    number: string,
    lid: string,
    options: PhoneOptions,
    { network, pairing }: { network: Network; pairing: Pairing },
  ) {
    this.number = number;
    this.lid = lid;
    this.name = options.name ?? `Business ${number.slice(-4)}`;
    this.signal_name = `${number}:0`;
    this.#history = options.history ?? true;
    this.#network = network;
    this.#pairing = pairing;
  }

  get signal(): SignalDevice {
    return (this.#signal ??= new SignalDevice(this.signal_name));
  }

  /** A client of this account is logged in and gets messages. */
  get online(): boolean {
    return [...this.companions.values()].some((companion) => companion.online);
  }

  /**
   * Scans a QR code. Resolves when the client has answered and is told to restart.
   * @throws when the code is not a client's, or its connection is gone
   */
  scan(qr: string): Promise<Companion> {
    return this.#pairing.scan(this, qr);
  }

  /**
   * Enters the pairing code that the client shows for this number.
   * @throws when the code is wrong or nobody asked for one
   */
  enterCode(code: string): Promise<Companion> {
    return this.#pairing.enterCode(this, code);
  }

  /** Adds a device that proved itself. For the pairing. */
  link(registration: Registration): Companion {
    this.#devices += 1;
    const companion = new Companion(this, this.#devices, registration, this.#network);
    this.companions.set(this.#devices, companion);
    return companion;
  }

  /** Takes a device as linked before; the rest of its keys come when it uploads them. */
  recall(device: number, noise_key: Buffer): void {
    if (this.companions.has(device)) return;
    const unknown = Buffer.alloc(0);
    const signed = { id: 0, public: unknown, signature: unknown };
    const registration = { noise_key, identity: unknown, registration_id: 0, signed };
    const companion = new Companion(this, device, registration, this.#network);
    companion.greeted = true;
    this.companions.set(device, companion);
    this.#devices = Math.max(this.#devices, device);
  }

  /** Takes a device off; its credentials are worth nothing from now on. */
  unlink(companion: Companion): void {
    this.companions.delete(companion.device);
  }

  /** Any stanza, to be acknowledged, for every companion: a message of a group, a call … */
  deliver(node: Stanza): void {
    for (const companion of this.companions.values()) companion.deliver(node);
  }

  /** The owner removes every linked device on the phone. */
  logoutDevice(): void {
    for (const companion of [...this.companions.values()]) {
      this.unlink(companion);
      const conflict = stanza("conflict", { type: "device_removed" });
      companion.connection?.end(stanza("stream:error", { code: "401" }, [conflict]));
    }
  }

  /** Breaks the live connections of this account. */
  breaks(how: Break): void {
    for (const { connection } of this.companions.values()) {
      if (!connection) continue;
      if (how.kind === "drop") connection.drop();
      else if (how.kind === "half_open") connection.halfOpen();
      else if (how.kind === "mute") connection.muted = true;
      else if (how.kind === "stream_end") connection.end();
      else if (how.kind === "failure") {
        connection.end(stanza("failure", { reason: String(how.reason) }));
      } else if (how.kind === "stream_error") {
        connection.end(stanza("stream:error", { code: String(how.code) }));
      } else {
        const conflict = stanza("conflict", { type: "replaced" });
        connection.end(stanza("stream:error", {}, [conflict]));
      }
    }
  }

  /** The owner types on the own phone; the companions get a copy. Resolves with the id. */
  async typed(to: Customer, content: AnyContent, { id = `AC${this.#network.newId()}` } = {}) {
    const { addressing } = to;
    const chat = jidOf(to, addressing);
    const about = { me: this, chat, addressing };
    const { message, type, edit } = await composed(this.#network, content, about);
    this.#network.messages.remember(id, this, message);
    const attributes = { id, type, t: seconds(), edit };
    if (!this.signal.knows(to.number)) {
      await this.signal.startSession(to.number, to.signal.bundle());
    }
    const sealed = await this.signal.encrypt(to.number, message);
    const enc = stanza("enc", { v: "2", type: sealed.type }, sealed.ciphertext);
    await to.receive(this, enc, stanza("message", { ...attributes, to: chat }));

    const other = jidOf(to, addressing === "lid" ? "pn" : "lid");
    const sender = {
      from: jidOf(this, addressing),
      recipient: chat,
      ...(addressing === "lid"
        ? { addressing_mode: "lid", peer_recipient_pn: other }
        : { peer_recipient_lid: other }),
    };
    const copy = { deviceSentMessage: { destinationJid: chat, message } };
    for (const companion of this.companions.values()) {
      await this.#toCompanion(companion, copy, { ...attributes, ...sender });
    }
    return id;
  }

  /** The phone tells a newly linked device what it needs. For the companion. */
  async greet(companion: Companion): Promise<void> {
    if (!this.#history) return;
    const customers = [...this.#network.customers()];
    const known = customers.filter(({ number }) => this.known_customers.has(number));
    await this.#peer(companion, appStateKey());
    await this.#peer(companion, emptyHistory(known));
  }

  /** A message of a companion's arrives at the phone. For the server. */
  async receive(from: Companion, enc: Stanza, node: Stanza): Promise<void> {
    const { type } = enc.attrs;
    const ciphertext = Buffer.from(enc.content as Uint8Array);
    let message: proto.Message;
    try {
      message = await this.signal.decrypt(from.signal_name, type!, ciphertext);
    } catch {
      return void this.unreadable.push(node.attrs["id"]!);
    }
    // The library wraps what is for the phone alone like a copy.
    const { protocolMessage } = message.deviceSentMessage?.message ?? message;
    const request = protocolMessage?.peerDataOperationRequestMessage;
    if (request) {
      this.requests.add(request);
      return this.#resend(from, node.attrs["id"]!, request);
    }
    const copy = message.deviceSentMessage;
    const { id, to } = node.attrs;
    if (!copy?.message || copy.destinationJid !== to) {
      return this.#network.violation(this.number, "copy for another chat", node);
    }
    this.synced.add({ id: id!, to: to!, message: copy.message });
    this.#network.messages.remember(id!, this, copy.message);
  }

  /** A receipt of a companion's that is not for a customer. For the server. */
  async told(companion: Companion, type: string, node: Stanza): Promise<void> {
    const id = node.attrs["id"]!;
    if (type === "server-error") {
      const message = this.#network.messages.get(id);
      if (!message) throw new Malformed(`asked again for ${id}, which nobody sent`);
      const content = mediaRetry(this.#network.media, message, node);
      const about = { from: jidOf(this, "pn"), id, type: "mediaretry", t: seconds() };
      return companion.deliver(stanza("notification", about, content));
    }
    const sent = this.#sent.get(id);
    if (type !== "retry" || !sent) return;
    this.signal.forget(companion.signal_name);
    const { count } = child(node, "retry").attrs;
    await this.#toCompanion(companion, sent.message, sent.attributes, count);
  }

  /** Gives a companion what it could not read, in the clear of the phone's own session. */
  async #resend(
    companion: Companion,
    stanzaId: string,
    { placeholderMessageResendRequest }: proto.Message.IPeerDataOperationRequestMessage,
  ): Promise<void> {
    if (!this.resends_on_request) return;
    for (const { messageKey } of placeholderMessageResendRequest ?? []) {
      const message = this.#network.messages.get(messageKey?.id ?? "");
      if (!message || !messageKey) continue;
      await this.#peer(companion, resentMessage(stanzaId, messageKey, message));
    }
  }

  /** A message from the phone to its own device, of which nobody else learns. */
  async #peer(companion: Companion, protocolMessage: proto.Message.IProtocolMessage) {
    const from = jidOf(this, "pn");
    const attributes = { from, id: `AC${this.#network.newId()}`, t: seconds(), type: "text" };
    await this.#toCompanion(companion, { protocolMessage }, { ...attributes, category: "peer" });
  }

  async #toCompanion(
    companion: Companion,
    message: proto.IMessage,
    attributes: Attributes,
    count?: string,
  ): Promise<void> {
    this.#sent.set(attributes["id"]!, { message, attributes });
    const { type, ciphertext } = await companion.seal(this.signal, message);
    const enc = stanza("enc", { v: "2", type, count }, ciphertext);
    companion.deliver(stanza("message", attributes, [enc]));
  }
}
