import type { proto } from "@whiskeysockets/baileys";
import type { Connection } from "./transport/connection.ts";
import { Journal } from "./journal.ts";
import { lidJid, phoneJid } from "./jid.ts";
import type { Network } from "./network.ts";
import { seconds } from "./network.ts";
import type { Phone } from "./phone.ts";
import type { KeyBundle, Sealed, SignalDevice } from "./signal-device.ts";
import { SERVER, stanza, type Stanza } from "./stanza.ts";

/** The server asks for more one-time keys when fewer are left. */
const LOW = 5;

/** What a client tells of itself when it is linked. Keys without the version byte. */
export interface Registration {
  noise_key: Buffer;
  identity: Buffer;
  registration_id: number;
  signed: KeyBundle["signed"];
}

/** A linked device of a business: the client under test, as the server knows it. */
export class Companion {
  readonly jid: string;
  readonly lid: string;
  readonly device: number;
  readonly noise_key: Buffer;
  readonly phone: Phone;
  registration: Registration;
  /** One-time keys, by id. */
  readonly pre_keys = new Map<number, Buffer>();
  connection: Connection | null = null;
  /** How many one-time keys each upload brought. */
  readonly uploads = new Journal<number>();
  /** Every `ack` that the client sent with an error, e.g. 487 or 500. */
  readonly nacks = new Journal<{ id: string; error: string }>();
  /** Has finished a login once, so that the phone has sent it its history. */
  greeted = false;
  /** What the client must not be told live yet: it has not asked for what it missed. */
  #receiving = false;
  #offline: Stanza[] = [];
  /** Sent, or to be sent, and not yet acknowledged; in order. */
  #pending = new Map<string, Stanza>();
  #known = new Set<string>();
  #network: Network;
  #warned = false;

  constructor(phone: Phone, device: number, registration: Registration, network: Network) {
    this.phone = phone;
    this.device = device;
    this.jid = phoneJid(phone.number, device);
    this.lid = lidJid(phone.lid, device);
    this.noise_key = registration.noise_key;
    this.registration = registration;
    this.#network = network;
  }

  get online(): boolean {
    return this.connection?.open === true && this.#receiving;
  }

  /** Stanzas the client has not acknowledged. */
  get unacknowledged(): number {
    return this.#pending.size;
  }

  /** Sends a stanza that is to be acknowledged, now or after the next login. */
  deliver(node: Stanza, { offline = false } = {}): void {
    const key = pendingKey(node.tag, node.attrs["id"] ?? "", node.attrs["type"]);
    this.#known.add(key);
    this.#pending.set(key, node);
    if (this.online && !offline) this.connection?.send(node);
  }

  /** The client acknowledged it. False when it was never sent. */
  acknowledge(tag: string, id: string, type?: string): boolean {
    const key = pendingKey(tag, id, type);
    this.#pending.delete(key);
    return this.#known.has(key);
  }

  attach(connection: Connection): void {
    this.connection = connection;
    this.#receiving = false;
  }

  detach(connection: Connection): void {
    if (this.connection !== connection) return;
    this.connection = null;
    this.#receiving = false;
  }

  /** The client is active: it is told how much it missed, and gets it when it asks. */
  activate(): void {
    if (this.#receiving) return;
    this.#offline = [...this.#pending.values()];
    const count = this.#offline.length;
    if (count === 0) return this.sendOffline();
    const messages = this.#offline.filter(({ tag }) => tag === "message").length;
    const counts = { count: String(count), message: String(messages), t: seconds() };
    this.connection?.send(
      stanza("ib", { from: SERVER }, [
        stanza("offline_preview", { ...counts, receipt: String(count - messages), call: "0" }),
      ]),
    );
  }

  /** Everything missed, then everything live. */
  sendOffline(): void {
    const missed = this.#offline;
    this.#offline = [];
    for (const [index, node] of missed.entries()) {
      this.connection?.send({ ...node, attrs: { ...node.attrs, offline: String(index) } });
    }
    this.#receiving = true;
    const offline = stanza("offline", { count: String(missed.length) });
    this.connection?.send(stanza("ib", { from: SERVER }, [offline]));
    // What came between the preview and now was not in it.
    for (const node of this.#pending.values()) {
      if (!missed.includes(node)) this.connection?.send(node);
    }
    const routing = stanza("routing_info", {}, Buffer.from([8, 2, 8, 5]));
    const edge = stanza("edge_routing", {}, [routing]);
    this.connection?.send(stanza("ib", { from: SERVER }, [edge]));
    if (this.greeted) return;
    this.greeted = true;
    void this.phone.greet(this);
  }

  /** Keys for a new session; a one-time key is used up. */
  takeBundle(): KeyBundle {
    const [first] = this.pre_keys;
    if (first) this.pre_keys.delete(first[0]);
    const left = Math.max(this.pre_keys.size, this.#network.claimed_keys);
    if (left < LOW && !this.#warned) this.#askForKeys();
    const { registration_id, identity, signed } = this.registration;
    const one_time = first && { id: first[0], public: first[1] };
    return { registration_id, identity, signed, one_time };
  }

  uploaded(keys: [number, Buffer][]): void {
    for (const [id, key] of keys) this.pre_keys.set(id, key);
    this.#warned = false;
    this.uploads.add(keys.length);
  }

  #askForKeys(): void {
    this.#warned = true;
    const count = stanza("count", { value: String(this.pre_keys.size) });
    const from = SERVER;
    const attributes = { from, type: "encrypt", id: this.#network.newId(), t: seconds() };
    this.deliver(stanza("notification", attributes, [count]));
  }

  /** Encrypts for this device, by a session that is started when there is none. */
  async seal(
    from: SignalDevice,
    message: proto.IMessage,
    { corrupt = false } = {},
  ): Promise<Sealed> {
    const peer = this.signal_name;
    const sealed = await from.inTurn(peer, async () => {
      if (!from.knows(peer)) await from.startSession(peer, this.takeBundle());
      return from.encrypt(peer, message);
    });
    // Near the end is the MAC or what it covers; the headers stay as they are.
    if (corrupt) sealed.ciphertext[sealed.ciphertext.length - 14]! ^= 0xff;
    return sealed;
  }

  /** Its name in the sessions of those who write to it. */
  get signal_name(): string {
    return `${this.phone.number}:${this.device}`;
  }
}

function pendingKey(tag: string, id: string, type: string | undefined): string {
  // A message's acknowledgement does not repeat its type reliably; a receipt's tells it apart.
  return tag === "message" ? `message ${id}` : `${tag} ${id} ${type ?? ""}`;
}
