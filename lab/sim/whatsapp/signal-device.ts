import {
  Curve,
  encodeBigEndian,
  encodeWAMessage,
  generateSignalPubKey,
  KEY_BUNDLE_TYPE,
  proto,
  signedKeyPair,
  unpadRandomMax16,
} from "@whiskeysockets/baileys";
import { ProtocolAddress, SessionBuilder, SessionCipher, SessionRecord } from "libsignal";
import type { SignalStorage } from "libsignal";
import { quietly } from "./quiet.ts";
import { stanza, type Stanza } from "./stanza.ts";
import { laboratoryKey, type KeyPair } from "./transport/certificate.ts";

/** What somebody needs to write to a device for the first time. Keys without the version byte. */
export interface KeyBundle {
  registration_id: number;
  identity: Uint8Array;
  signed: { id: number; public: Uint8Array; signature: Uint8Array };
  one_time?: { id: number; public: Uint8Array } | undefined;
}

export interface Sealed {
  type: "pkmsg" | "msg";
  ciphertext: Buffer;
}

/** A session record at rest; its types call it bytes. */
interface Stored {
  _sessions: Record<string, unknown>;
  version: string;
}

function plain(record: SessionRecord): Stored {
  return record.serialize() as unknown as Stored;
}

function restored(stored: Stored): SessionRecord {
  return SessionRecord.deserialize(stored as unknown as Uint8Array);
}

/** A phone with its own Signal identity and one session a peer, all in memory. */
export class SignalDevice {
  readonly registration_id = 1 + Math.floor(Math.random() * 16_000);
  readonly identity: KeyPair;
  /** Tells queues in libsignal apart: they are one set for the whole process. */
  readonly #name: string;
  #signed: ReturnType<typeof signedKeyPair>;
  #one_time = new Map<number, KeyPair>();
  #next_id = 1;
  #sessions = new Map<string, Stored>();
  #turns = new Map<string, Promise<unknown>>();

  /** A device of this name has the same identity in every process. */
  constructor(name: string) {
    this.#name = name;
    this.identity = laboratoryKey(`identity of ${name}`);
    this.#signed = signedKeyPair(this.identity, 1);
  }

  /** Keys for a new session with this device, one of them good once. */
  bundle(): KeyBundle {
    const id = this.#next_id++;
    const pair = Curve.generateKeyPair();
    this.#one_time.set(id, pair);
    return {
      registration_id: this.registration_id,
      identity: this.identity.public,
      signed: {
        id: this.#signed.keyId,
        public: this.#signed.keyPair.public,
        signature: this.#signed.signature,
      },
      one_time: { id, public: pair.public },
    };
  }

  knows(peer: string): boolean {
    const stored = this.#sessions.get(this.#address(peer).toString());
    return stored !== undefined && restored(stored).haveOpenSession();
  }

  /** Forgets the session, as a phone that was set up anew. */
  forget(peer: string): void {
    this.#sessions.delete(this.#address(peer).toString());
  }

  async startSession(peer: string, bundle: KeyBundle): Promise<void> {
    const { registration_id, identity, signed, one_time } = bundle;
    const session = {
      registrationId: registration_id,
      identityKey: generateSignalPubKey(identity),
      signedPreKey: {
        keyId: signed.id,
        publicKey: generateSignalPubKey(signed.public),
        signature: signed.signature,
      },
      ...(one_time && {
        preKey: { keyId: one_time.id, publicKey: generateSignalPubKey(one_time.public) },
      }),
    } as Parameters<SessionBuilder["initOutgoing"]>[0];
    await quietly(() =>
      new SessionBuilder(this.#storage, this.#address(peer)).initOutgoing(session),
    );
  }

  /** One thing at a time with a peer: two first messages at once would start two sessions. */
  inTurn<T>(peer: string, run: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(peer) ?? Promise.resolve()).then(run);
    this.#turns.set(
      peer,
      turn.catch(() => {}),
    );
    return turn;
  }

  async encrypt(peer: string, message: proto.IMessage): Promise<Sealed> {
    const cipher = new SessionCipher(this.#storage, this.#address(peer));
    const { type, body } = await quietly(() => cipher.encrypt(encodeWAMessage(message)));
    return { type: type === 3 ? "pkmsg" : "msg", ciphertext: Buffer.from(body, "binary") };
  }

  /** @throws what libsignal throws when it can't be decrypted */
  async decrypt(peer: string, type: string, ciphertext: Buffer): Promise<proto.Message> {
    const address = this.#address(peer);
    const padded = await quietly(() =>
      this.inTurn(peer, () => {
        if (type === "msg") return this.#decryptWithAny(address, ciphertext);
        return new SessionCipher(this.#storage, address).decryptPreKeyWhisperMessage(ciphertext);
      }),
    );
    return proto.Message.decode(unpadRandomMax16(padded));
  }

  /**
   * Tries one session after the other. libsignal does so itself, but leaves those that did not fit
   * in disorder, so each is tried alone.
   */
  async #decryptWithAny(address: ProtocolAddress, ciphertext: Buffer): Promise<Buffer> {
    const stored = this.#sessions.get(address.toString());
    if (!stored) throw new Error("no session");
    const { _sessions: sessions, version } = stored;
    for (const key of Object.keys(sessions)) {
      let after: Stored | null = null;
      const alone: SignalStorage = {
        ...this.#storage,
        loadSession: async () => restored({ _sessions: { [key]: sessions[key] }, version }),
        storeSession: async (_, session) => void (after = plain(session)),
      };
      try {
        const found = await new SessionCipher(alone, address).decryptWhisperMessage(ciphertext);
        const { _sessions: changed } = after as unknown as Stored;
        Object.assign(sessions, changed);
        return found;
      } catch {
        // Another session's message, then.
      }
    }
    throw new Error("no matching session");
  }

  #address(peer: string): ProtocolAddress {
    return new ProtocolAddress(`${this.#name}>${peer}`, 0);
  }

  get #storage(): SignalStorage {
    const keys = (pair: KeyPair) => ({
      privKey: Buffer.from(pair.private),
      pubKey: Buffer.from(generateSignalPubKey(pair.public)),
    });
    return {
      loadSession: async (id) => {
        const stored = this.#sessions.get(id);
        return stored ? restored(stored) : null;
      },
      storeSession: async (id, session) => void this.#sessions.set(id, plain(session)),
      isTrustedIdentity: () => true,
      loadPreKey: async (id) => {
        const pair = this.#one_time.get(Number(id));
        return pair && keys(pair);
      },
      removePreKey: (id) => void this.#one_time.delete(id),
      loadSignedPreKey: () => keys(this.#signed.keyPair),
      getOurRegistrationId: () => this.registration_id,
      getOurIdentity: () => keys(this.identity),
    };
  }
}

/** `<user>` of an answer to a request for keys. */
export function bundleStanza(
  jid: string,
  { registration_id, identity, ...keys }: KeyBundle,
): Stanza {
  const { signed, one_time } = keys;
  const content = [
    stanza("registration", {}, encodeBigEndian(registration_id)),
    stanza("type", {}, KEY_BUNDLE_TYPE),
    stanza("identity", {}, identity),
    stanza("skey", {}, [
      stanza("id", {}, encodeBigEndian(signed.id, 3)),
      stanza("value", {}, signed.public),
      stanza("signature", {}, signed.signature),
    ]),
  ];
  if (one_time) {
    const id = stanza("id", {}, encodeBigEndian(one_time.id, 3));
    content.push(stanza("key", {}, [id, stanza("value", {}, one_time.public)]));
  }
  return stanza("user", { jid }, content);
}
