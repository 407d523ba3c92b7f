import { createHash } from "node:crypto";
import { encodeBigEndian, type proto } from "@whiskeysockets/baileys";
import type { Companion } from "./companion.ts";
import { wordsOf } from "./content.ts";
import { jidOf, type Addressing } from "./conversation.ts";
import { Journal } from "./journal.ts";
import { enclosedBundle } from "./keys.ts";
import { mediaOf } from "./media/content.ts";
import { composed, seconds, type AnyContent, type Network } from "./network.ts";
import type { Phone } from "./phone.ts";
import { bundleStanza, SignalDevice } from "./signal-device.ts";
import { children, maybeChild, stanza, type Stanza } from "./stanza.ts";
import type { ChatState, CustomerOptions, Received, Tick, WriteOptions } from "./talk.ts";

interface Written {
  phone: Phone;
  message: proto.IMessage;
  attributes: Record<string, string>;
  mediatype: string | undefined;
  undecryptable: WriteOptions["undecryptable"];
}

/** Somebody who writes to businesses, with a phone of their own. */
export class Customer {
  readonly number: string;
  readonly lid: string;
  name: string;
  /** May change: a number that was hidden is shown one day. */
  address: NonNullable<CustomerOptions["address"]>;
  /** Messages in the order they arrived, each id once. */
  readonly messages = new Journal<Received>();
  /** Messages whose id had arrived before, though nobody asked for them again. */
  readonly duplicates: Received[] = [];
  /** What the business told about the customer's messages. */
  readonly ticks = new Journal<Tick>();
  /** What the business shows to the customer. */
  readonly chat_states = new Journal<ChatState>();
  delivery: number | "by_hand";
  #signal: SignalDevice | null = null;
  #network: Network;
  #written = new Map<string, Written>();
  #received = new Map<string, Received>();
  #unreadable = 0;
  #asked = new Map<string, number>();

  constructor(number: string, lid: string, options: CustomerOptions, network: Network) {
    this.number = number;
    this.lid = lid;
    this.name = options.name ?? `Customer ${number.slice(-4)}`;
    this.address = options.address ?? "lid";
    this.delivery = options.delivers ?? 10;
    this.#network = network;
  }

  get signal(): SignalDevice {
    return (this.#signal ??= new SignalDevice(this.number));
  }

  get addressing(): Addressing {
    return this.address.startsWith("lid") ? "lid" : "pn";
  }

  /** The address their messages come from. */
  get jid(): string {
    return jidOf(this, this.addressing);
  }

  /** Writes to a business. Resolves with the message's id once the server has it. */
  async writes(phone: Phone, content: AnyContent, options: WriteOptions = {}): Promise<string> {
    const id = options.id ?? `3A${this.#network.newId()}`;
    const { messages } = this.#network;
    const { addressing } = this;
    const about = { me: this, chat: jidOf(phone, addressing), addressing };
    const { message, type, edit, mediatype } = await composed(this.#network, content, about);
    messages.remember(id, this, message);
    const at = options.at ?? new Date();
    const attributes = { id, type, t: String(Math.floor(at.getTime() / 1000)), ...this.#sender() };
    const written: Written = {
      phone,
      message,
      attributes: edit === undefined ? attributes : { ...attributes, edit },
      mediatype,
      undecryptable: options.undecryptable,
    };
    this.#written.set(id, written);
    const first = !phone.known_customers.has(this.number);
    phone.known_customers.add(this.number);
    const { offline = false } = options;
    await Promise.all(
      [...phone.companions.values()].map((device) => this.#send(device, written, { offline })),
    );
    if (first) this.#trust(phone);
    return id;
  }

  /** What the business's client has to enclose in messages to this customer, once it has it. */
  tokenFor({ number }: Phone): Buffer {
    return createHash("sha256").update(`${this.number} ${number}`).digest().subarray(0, 16);
  }

  /** The first `n` messages that arrived, once there are so many. */
  received(n: number): Promise<Received[]> {
    return this.messages.first(n);
  }

  /** The next message that `next` has not given yet. */
  next(): Promise<Received> {
    return this.messages.next();
  }

  /** Resolves when the business's client reported this about a message the customer wrote. */
  sees(id: string, type: "delivered" | "read" | "played"): Promise<Tick> {
    return this.ticks.find((tick) => tick.id === id && tick.type === type);
  }

  /** Tells the business that messages arrived, in one receipt. */
  delivers(...ids: [string, ...string[]]): void {
    this.#receipt(ids);
  }

  /** Tells the business that messages were read, in one receipt. */
  reads(...ids: [string, ...string[]]): void {
    this.#receipt(ids, "read");
  }

  /** Tells the business that a voice note was listened to. */
  plays(id: string): void {
    this.#receipt([id], "played");
  }

  /** The next `times` messages can't be decrypted: the customer's phone asks for them again. */
  cannotDecrypt(times = 1): void {
    this.#unreadable += times;
  }

  /** A message of a business arrives. For the server. */
  async receive(from: Companion | Phone, enc: Stanza, node: Stanza): Promise<void> {
    const id = node.attrs["id"]!;
    const phone = "phone" in from ? from.phone : from;
    const peer = from.signal_name;
    if (this.#unreadable > 0 && "phone" in from) {
      this.#unreadable -= 1;
      return this.#askAgain(from, node);
    }
    let message: proto.Message;
    try {
      const ciphertext = Buffer.from(enc.content as Uint8Array);
      message = await this.signal.decrypt(peer, enc.attrs["type"]!, ciphertext);
    } catch {
      if ("phone" in from) this.#askAgain(from, node);
      return;
    }
    const asked = this.#asked.get(id) ?? 0;
    const received: Received = {
      id,
      from: phone.number,
      to: node.attrs["to"]!,
      text: wordsOf(message),
      message,
      type: node.attrs["type"] ?? "",
      edit: node.attrs["edit"] ?? null,
      retry: asked,
      file: async () => {
        const media = mediaOf(message);
        if (!media) throw new Error(`${id} carries no file`);
        return this.#network.media.open(media.kind, media.fields);
      },
      by_owner: !("phone" in from),
      at: performance.now(),
    };
    if (this.#received.has(id)) return void this.duplicates.push(received);
    this.#received.set(id, received);
    this.messages.add(received);
    if (received.by_owner || this.delivery === "by_hand") return;
    this.#network.later(this.delivery, () => this.delivers(id));
  }

  /** A receipt of the business's client arrives. For the server. */
  async told(companion: Companion, type: string, ids: string[], node: Stanza): Promise<void> {
    for (const id of ids) {
      if (!this.#written.has(id)) {
        this.#network.violation(companion.phone.number, `receipt for ${id}, never written`, node);
      }
      this.ticks.add({ id, type });
    }
    if (type === "retry") await this.#resend(companion, ids[0]!, node);
  }

  /** The client could not decrypt: a new session, the same message again. */
  async #resend(companion: Companion, id: string, node: Stanza): Promise<void> {
    const written = this.#written.get(id);
    const retry = children(node, "retry")[0];
    if (!written || !retry) return;
    const count = Number(retry.attrs["count"]);
    if (!(count >= 1 && count <= 5)) {
      const { number } = companion.phone;
      return this.#network.violation(number, `retry number ${retry.attrs["count"]}`, node);
    }
    if (written.undecryptable === "once") written.undecryptable = undefined;
    const { signal_name } = companion;
    this.signal.forget(signal_name);
    const bundle = maybeChild(node, "keys");
    if (bundle) await this.signal.startSession(signal_name, enclosedBundle(node, bundle));
    await this.#send(companion, written, { count });
  }

  async #send(
    companion: Companion,
    { message, attributes, mediatype, undecryptable }: Written,
    { offline = false, count }: { offline?: boolean; count?: number },
  ): Promise<void> {
    const corrupt = undecryptable !== undefined;
    const { type, ciphertext } = await companion.seal(this.signal, message, { corrupt });
    const enc = stanza("enc", { v: "2", type, mediatype, count: count?.toString() }, ciphertext);
    companion.deliver(stanza("message", attributes, [enc]), { offline });
  }

  /** Gives the business the token of those it may write to. */
  #trust(phone: Phone): void {
    for (const companion of phone.companions.values()) {
      const trusted = { jid: companion.jid, type: "trusted_contact", t: seconds() };
      const token = stanza("token", trusted, this.tokenFor(phone));
      const about = { from: this.jid, type: "privacy_token", id: this.#network.newId() };
      const sender_lid = this.addressing === "lid" ? jidOf(this, "lid") : undefined;
      const tokens = stanza("tokens", {}, [token]);
      companion.deliver(stanza("notification", { ...about, sender_lid, t: seconds() }, [tokens]));
    }
  }

  /** Attributes that say who writes. */
  #sender(): Record<string, string> {
    const lid = jidOf(this, "lid");
    const number = jidOf(this, "pn");
    const notify = this.name;
    switch (this.address) {
      case "lid":
        return { from: lid, notify, addressing_mode: "lid", sender_pn: number };
      case "lid_only":
        return { from: lid, notify, addressing_mode: "lid" };
      case "pn":
        return { from: number, notify, sender_lid: lid };
      case "pn_only":
        return { from: number, notify };
    }
  }

  #receipt([id, ...more]: [string, ...string[]], type?: "read" | "played"): void {
    const found = this.#received.get(id);
    if (!found) throw new Error(`${this.number} never received ${id}`);
    const phone = this.#network.find(`${found.from}@s.whatsapp.net`) as Phone;
    const items = more.map((other) => stanza("item", { id: other }));
    const list = items.length ? [stanza("list", {}, items)] : undefined;
    const receipt = stanza("receipt", { from: found.to, id, type, t: seconds() }, list);
    for (const companion of phone.companions.values()) companion.deliver(receipt);
  }

  #askAgain(companion: Companion, node: Stanza): void {
    const id = node.attrs["id"]!;
    const count = (this.#asked.get(id) ?? 0) + 1;
    this.#asked.set(id, count);
    if (count > 5) return;
    this.signal.forget(companion.signal_name);
    const { registration_id } = this.signal;
    const retry = stanza("retry", { count: String(count), id, t: seconds(), v: "1" });
    const content = [retry, stanza("registration", {}, encodeBigEndian(registration_id))];
    // The first time the sender is left to fetch the keys from the server.
    if (count > 1) {
      const [, type, identity, skey, key] = children(bundleStanza("", this.signal.bundle()));
      content.push(stanza("keys", {}, [type!, identity!, key!, skey!]));
    }
    const attributes = { from: node.attrs["to"], id, type: "retry", t: seconds() };
    companion.deliver(stanza("receipt", attributes, content));
  }
}
