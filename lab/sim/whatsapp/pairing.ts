import { createHmac, randomBytes } from "node:crypto";
import {
  aesDecryptCTR,
  aesDecryptGCM,
  aesEncryptCTR,
  Curve,
  derivePairingCodeKey,
  generateSignalPubKey,
  hkdf,
  proto,
  WA_ADV_ACCOUNT_SIG_PREFIX,
  WA_ADV_DEVICE_SIG_PREFIX,
} from "@whiskeysockets/baileys";
import { verifySignature } from "libsignal/src/curve.js";
import type { Companion, Registration } from "./companion.ts";
import { jidOf } from "./conversation.ts";
import { Journal } from "./journal.ts";
import { seconds, type Network } from "./network.ts";
import type { Phone } from "./phone.ts";
import { attribute, bytes, child, Malformed, SERVER, stanza, text, type Stanza } from "./stanza.ts";
import type { Connection } from "./transport/connection.ts";

/** A client that is not linked yet. */
export interface Candidate {
  connection: Connection;
  registration: Registration;
  refs: string[];
  /** Its answer to `pair-success`. */
  signed?: (answer: Stanza) => void;
  /** After it asked for a code. */
  code?: { number: string; wrapped: Buffer; ref: string; refused: string | null };
  /** Its last message of the code's exchange. */
  finished?: (bundle: { wrapped: Buffer; identity: Buffer }) => void;
}

/** How long somebody looks for the place where a code is entered. */
const patience_ms = 500;

/** Names WhatsApp shows on the phone; it refuses a code for any other. */
const platform_display =
  /^(Chrome|Edge|Firefox|IE|Opera|Safari|Electron|UWP|Desktop) \((Windows|Mac OS|Ubuntu|Linux|Debian)\)$/;

/** Links clients to accounts, by QR code and by pairing code. */
export class Pairing {
  readonly #candidates = new Set<Candidate>();
  readonly #asked = new Journal<Candidate>();
  readonly #network: Network;

  constructor(network: Network) {
    this.#network = network;
  }

  /** A client without an account connected: it gets what its QR codes are made of. */
  offer(connection: Connection, registration: Registration, refs: number): Candidate {
    const made = Array.from({ length: refs }, () => `2@${randomBytes(60).toString("base64")}`);
    const candidate: Candidate = { connection, registration, refs: made };
    this.#candidates.add(candidate);
    const content = made.map((ref) => stanza("ref", {}, Buffer.from(ref)));
    connection.send(
      stanza("iq", { from: SERVER, type: "set", xmlns: "md", id: this.#network.newId() }, [
        stanza("pair-device", {}, content),
      ]),
    );
    return candidate;
  }

  withdraw(candidate: Candidate): void {
    this.#candidates.delete(candidate);
  }

  async scan(phone: Phone, qr: string): Promise<Companion> {
    const [ref, noise_key, identity, adv_secret, platform] = (qr.split("#").at(-1) ?? "").split(
      ",",
    );
    const candidate = [...this.#candidates].find(({ refs }) => refs.includes(ref ?? ""));
    if (!candidate?.connection.open) throw new Error("no valid QR code: try again");
    if (phone.demands_passkey) this.#demandPasskey(candidate);
    const { registration } = candidate;
    const same =
      registration.noise_key.toString("base64") === noise_key &&
      registration.identity.toString("base64") === identity;
    if (!same || !adv_secret || !/^\d$/.test(platform ?? "")) {
      this.#network.violation(phone.number, "QR code with other keys than the connection's");
      throw new Error("no valid QR code: keys differ");
    }
    return this.#link(phone, candidate, Buffer.from(adv_secret, "base64"));
  }

  /** A stanza of a client that is not linked. */
  handle(candidate: Candidate, node: Stanza): void {
    const { connection } = candidate;
    const id = node.attrs["id"];
    if (node.tag === "iq" && node.attrs["type"] === "result" && id) {
      if (Array.isArray(node.content)) candidate.signed?.(node);
      return;
    }
    if (node.tag === "iq" && node.attrs["xmlns"] === "w:p") {
      return connection.send(stanza("iq", { from: SERVER, type: "result", id }));
    }
    if (node.tag === "iq" && node.attrs["xmlns"] === "md") {
      return this.#code(candidate, node, child(node, "link_code_companion_reg"));
    }
    // Acknowledgements of notifications, and what the client tells about itself.
    if (node.tag === "ack" || node.tag === "presence" || node.tag === "ib") return;
    throw new Malformed("not expected before the client is linked");
  }

  async enterCode(phone: Phone, code: string): Promise<Companion> {
    const candidate = await this.#whoAsked(phone.number);
    if (!candidate?.code) throw new Error("couldn't link device: nobody asked for a code");
    if (phone.demands_passkey) this.#demandPasskey(candidate);
    const { wrapped, ref, refused } = candidate.code;
    if (refused) throw new Error(`couldn't link device: ${refused}`);
    const key = await derivePairingCodeKey(code.replace("-", ""), wrapped.subarray(0, 32));
    const their_ephemeral = aesDecryptCTR(wrapped.subarray(48), key, wrapped.subarray(32, 48));

    const ephemeral = Curve.generateKeyPair();
    const salt = randomBytes(32);
    const iv = randomBytes(16);
    const own_key = await derivePairingCodeKey(code.replace("-", ""), salt);
    const own_wrapped = Buffer.concat([salt, iv, aesEncryptCTR(ephemeral.public, own_key, iv)]);
    const finish = new Promise<{ wrapped: Buffer; identity: Buffer }>((resolve) => {
      candidate.finished = resolve;
    });
    const type = "link_code_companion_reg";
    const about = { from: SERVER, type, id: this.#network.newId(), t: seconds() };
    const content = [
      stanza("link_code_pairing_wrapped_primary_ephemeral_pub", {}, own_wrapped),
      stanza("primary_identity_pub", {}, phone.signal.identity.public),
      stanza("link_code_pairing_ref", {}, Buffer.from(ref)),
    ];
    const attributes = { jid: jidOf(phone, "pn"), stage: "primary_hello" };
    candidate.connection.send(stanza("notification", about, [stanza(type, attributes, content)]));

    const bundle = await orClosed(candidate.connection, finish);
    // A code is good for one try.
    delete candidate.code;
    const shared = Curve.sharedKey(ephemeral.private, their_ephemeral);
    const random = openBundle(bundle, shared, phone.signal.identity.public);
    const identity_shared = Curve.sharedKey(phone.signal.identity.private, bundle.identity);
    const secret = Buffer.concat([shared, identity_shared, random]);
    return this.#link(phone, candidate, Buffer.from(hkdf(secret, 32, { info: "adv_secret" })));
  }

  /** The last client that asked for a code; what it sent may still be on its way. */
  async #whoAsked(number: string): Promise<Candidate | undefined> {
    const fits = ({ connection, code }: Candidate) => connection.open && code?.number === number;
    const late = new Promise<void>((resolve) => this.#network.later(patience_ms, resolve));
    await Promise.race([this.#asked.find(fits), late]);
    return [...this.#candidates].findLast(fits);
  }

  /** Tells the client that this account is linked with a passkey only. Always throws. */
  #demandPasskey({ connection }: Candidate): never {
    const type = "passkey_prologue_request";
    const options = JSON.stringify({ challenge: "AAAA", rpId: "whatsapp.com" });
    const content = [stanza("passkey_request_options", {}, Buffer.from(options))];
    const about = { from: SERVER, type, id: this.#network.newId(), t: seconds() };
    connection.send(stanza("notification", about, content));
    throw new Error("couldn't link device: a passkey is wanted");
  }

  /** The client's two steps of pairing by code. */
  #code(candidate: Candidate, node: Stanza, step: Stanza): void {
    const { connection } = candidate;
    const id = attribute(node, "id");
    const number = /^(\d+)@s\.whatsapp\.net$/.exec(attribute(step, "jid"))?.[1];
    if (!number) throw new Malformed("pairing code for no phone number");
    const result = stanza("iq", { from: SERVER, type: "result", id });
    const stage = attribute(step, "stage");
    if (stage === "companion_hello") {
      const wrapped = bytes(child(step, "link_code_pairing_wrapped_companion_ephemeral_pub"), 80);
      bytes(child(step, "companion_server_auth_key_pub"), 32);
      child(step, "companion_platform_id");
      child(step, "link_code_pairing_nonce");
      const display = text(child(step, "companion_platform_display"));
      const refused = platform_display.test(display) ? null : `unknown platform ${display}`;
      if (refused) this.#network.violation(number, refused, node);
      const ref = randomBytes(16).toString("base64");
      candidate.code = { number, wrapped, ref, refused };
      this.#asked.add(candidate);
      const answer = stanza("link_code_pairing_ref", {}, Buffer.from(ref));
      connection.send({ ...result, content: [stanza(step.tag, { stage }, [answer])] });
    } else if (stage === "companion_finish") {
      const wrapped = bytes(child(step, "link_code_pairing_wrapped_key_bundle"));
      const identity = bytes(child(step, "companion_identity_public"), 32);
      if (text(child(step, "link_code_pairing_ref")) !== candidate.code?.ref) {
        throw new Malformed("pairing code with another ref");
      }
      connection.send(result);
      candidate.finished?.({ wrapped, identity });
    } else throw new Malformed(`unknown stage ${stage}`);
  }

  /** The last step of both ways: the account signs the client's identity, the client its own. */
  async #link(phone: Phone, candidate: Candidate, adv_secret: Buffer): Promise<Companion> {
    const { connection, registration } = candidate;
    const account = phone.signal.identity;
    const companion = phone.link(registration);
    const keyIndex = companion.device;
    const identity = { rawId: 1, timestamp: Math.floor(Date.now() / 1000), keyIndex };
    const details = proto.ADVDeviceIdentity.encode(identity).finish();
    const accountSignature = Curve.sign(
      account.private,
      Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, registration.identity]),
    );
    const accountSignatureKey = account.public;
    const signed = { details, accountSignatureKey, accountSignature };
    const signed_details = proto.ADVSignedDeviceIdentity.encode(signed).finish();
    const hmac = createHmac("sha256", adv_secret).update(signed_details).digest();
    const sealed = proto.ADVSignedDeviceIdentityHMAC.encode({ details: signed_details, hmac });
    const answer = new Promise<Stanza>((resolve) => {
      candidate.signed = resolve;
    });
    const about = { from: SERVER, type: "set", xmlns: "md", id: this.#network.newId() };
    connection.send(
      stanza("iq", { ...about, t: seconds() }, [
        stanza("pair-success", {}, [
          stanza("device-identity", {}, sealed.finish()),
          stanza("biz", { name: phone.name }),
          stanza("device", { jid: companion.jid, lid: companion.lid }),
          stanza("platform", { name: "smba" }),
        ]),
      ]),
    );
    try {
      const node = child(
        child(await orClosed(connection, answer), "pair-device-sign"),
        "device-identity",
      );
      const { deviceSignature } = proto.ADVSignedDeviceIdentity.decode(bytes(node));
      const own = [WA_ADV_DEVICE_SIG_PREFIX, details, registration.identity, accountSignatureKey];
      const right =
        node.attrs["key-index"] === String(keyIndex) &&
        deviceSignature &&
        verifies(registration.identity, Buffer.concat(own), deviceSignature);
      if (!right) this.#network.violation(phone.number, "pair-device-sign does not verify", node);
    } catch (error) {
      phone.unlink(companion);
      throw error;
    }
    this.withdraw(candidate);
    connection.end(stanza("stream:error", { code: "515" }));
    return companion;
  }
}

/** The random part of the client's bundle. @throws when the code was not the one it showed */
function openBundle(
  { wrapped, identity }: { wrapped: Buffer; identity: Buffer },
  shared: Uint8Array,
  primary: Uint8Array,
): Buffer {
  const info = "link_code_pairing_key_bundle_encryption_key";
  const key = hkdf(shared, 32, { salt: wrapped.subarray(0, 32), info });
  const iv = wrapped.subarray(32, 44);
  let opened: Buffer;
  try {
    opened = aesDecryptGCM(wrapped.subarray(44), Buffer.from(key), iv, Buffer.alloc(0));
  } catch {
    throw new Error("couldn't link device: wrong code");
  }
  if (!opened.equals(Buffer.concat([identity, primary, opened.subarray(64)]))) {
    throw new Error("couldn't link device: other keys in the bundle");
  }
  return opened.subarray(64);
}

async function orClosed<T>(connection: Connection, wanted: Promise<T>): Promise<T> {
  const gone = connection.closed.then(() => {
    throw new Error("couldn't link device: the client is gone");
  });
  gone.catch(() => {});
  return Promise.race([wanted, gone]);
}

/** Whether a key (without version byte) signed it; the library's own check accepts everything. */
function verifies(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return verifySignature(generateSignalPubKey(key), message, signature) === true;
}

/** A client's first word when it has no account. @throws Malformed */
export function registrationOf(noise_key: Buffer, payload: proto.IClientPayload): Registration {
  const data = payload.devicePairingData;
  const { eRegid, eIdent, eSkeyId, eSkeyVal, eSkeySig, eKeytype } = data ?? {};
  if (eIdent?.length !== 32 || eSkeyVal?.length !== 32 || eSkeySig?.length !== 64) {
    throw new Malformed("registration without keys");
  }
  if (eRegid?.length !== 4 || eSkeyId?.length !== 3 || eKeytype?.[0] !== 5) {
    throw new Malformed("registration without ids");
  }
  const [id, signature] = [Buffer.from(eSkeyId).readUIntBE(0, 3), eSkeySig];
  if (!verifies(eIdent, generateSignalPubKey(eSkeyVal), signature)) {
    throw new Malformed("registration with a key that its identity did not sign");
  }
  return {
    noise_key,
    identity: Buffer.from(eIdent),
    registration_id: Buffer.from(eRegid).readUInt32BE(),
    signed: { id, public: eSkeyVal, signature },
  };
}
