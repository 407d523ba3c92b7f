import { createHmac, randomBytes } from "node:crypto";
import { Curve, hkdf, proto } from "@whiskeysockets/baileys";
import type { Companion, Registration } from "./companion.ts";
import { jidOf } from "./conversation.ts";
import { Journal } from "./journal.ts";
import { seconds, type Network } from "./network.ts";
import { openBundle, unwrap, wrap } from "./pairing-code.ts";
import type { Phone } from "./phone.ts";
import { vouch } from "./registration.ts";
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
    const typed = code.replace("-", "");
    const their_ephemeral = await unwrap(typed, wrapped);
    const ephemeral = Curve.generateKeyPair();
    const own_wrapped = await wrap(typed, ephemeral.public);
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
    const companion = phone.link(registration);
    const vouched = vouch(phone.signal.identity, registration.identity, companion.device);
    const hmac = createHmac("sha256", adv_secret).update(vouched.signed).digest();
    const sealed = proto.ADVSignedDeviceIdentityHMAC.encode({ details: vouched.signed, hmac });
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
      const right =
        node.attrs["key-index"] === String(companion.device) &&
        vouched.acceptedBy(registration.identity, bytes(node));
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

async function orClosed<T>(connection: Connection, wanted: Promise<T>): Promise<T> {
  const gone = connection.closed.then(() => {
    throw new Error("couldn't link device: the client is gone");
  });
  gone.catch(() => {});
  return Promise.race([wanted, gone]);
}
