import { hkdfSync } from "node:crypto";
import {
  aesDecryptGCM,
  aesEncryptGCM,
  Curve,
  NOISE_MODE,
  NOISE_WA_HEADER,
  proto,
  sha256,
} from "@whiskeysockets/baileys";
import type { KeyPair } from "./certificate.ts";

const nothing = Buffer.alloc(0);

/** What the server proves itself with. */
export interface ServerIdentity {
  static_key: KeyPair;
  certificate: Uint8Array;
}

/** The server's side of Noise_XX_25519_AESGCM_SHA256 and of the transport that follows. */
export class NoiseServer {
  #identity: ServerIdentity;
  #ephemeral = Curve.generateKeyPair();
  #hash: Buffer = Buffer.from(NOISE_MODE);
  #salt: Buffer = this.#hash;
  #key: Buffer = this.#hash;
  #counter = 0;
  #read: Cipher | null = null;
  #write: Cipher | null = null;

  constructor(identity: ServerIdentity) {
    this.#identity = identity;
    this.#authenticate(NOISE_WA_HEADER);
  }

  /** Answers the client's hello. */
  hello(message: Uint8Array): Uint8Array {
    const { clientHello } = proto.HandshakeMessage.decode(message);
    const client = clientHello?.ephemeral;
    if (client?.length !== 32) throw new Error("client hello without an ephemeral key");
    const { static_key, certificate } = this.#identity;
    this.#authenticate(client);
    this.#authenticate(this.#ephemeral.public);
    this.#mix(Curve.sharedKey(this.#ephemeral.private, client));
    const enclosed = this.#encrypt(static_key.public);
    this.#mix(Curve.sharedKey(static_key.private, client));
    const payload = this.#encrypt(certificate);
    const serverHello = { ephemeral: this.#ephemeral.public, static: enclosed, payload };
    return proto.HandshakeMessage.encode({ serverHello }).finish();
  }

  /** Takes the client's last handshake message: who it is, by key and by its own word. */
  finish(message: Uint8Array): { noise_key: Buffer; payload: proto.ClientPayload } {
    const { clientFinish } = proto.HandshakeMessage.decode(message);
    if (!clientFinish?.static || !clientFinish.payload) throw new Error("no client finish");
    const noise_key = this.#decrypt(clientFinish.static);
    this.#mix(Curve.sharedKey(this.#ephemeral.private, noise_key));
    const payload = proto.ClientPayload.decode(this.#decrypt(clientFinish.payload));
    const [from_client, to_client] = this.#derive(nothing);
    this.#read = new Cipher(from_client);
    this.#write = new Cipher(to_client);
    return { noise_key, payload };
  }

  open(frame: Uint8Array): Buffer {
    if (!this.#read) throw new Error("frame before the end of the handshake");
    return aesDecryptGCM(frame, this.#read.key, this.#read.nonce(), nothing);
  }

  seal(frame: Uint8Array): Buffer {
    if (!this.#write) throw new Error("frame before the end of the handshake");
    return aesEncryptGCM(frame, this.#write.key, this.#write.nonce(), nothing);
  }

  #authenticate(data: Uint8Array): void {
    this.#hash = sha256(Buffer.concat([this.#hash, data]));
  }

  #derive(secret: Uint8Array): [Buffer, Buffer] {
    const keys = Buffer.from(hkdfSync("sha256", secret, this.#salt, "", 64));
    return [keys.subarray(0, 32), keys.subarray(32)];
  }

  #mix(secret: Uint8Array): void {
    [this.#salt, this.#key] = this.#derive(secret);
    this.#counter = 0;
  }

  #encrypt(plaintext: Uint8Array): Buffer {
    const sealed = aesEncryptGCM(plaintext, this.#key, nonce(this.#counter++), this.#hash);
    this.#authenticate(sealed);
    return sealed;
  }

  #decrypt(ciphertext: Uint8Array): Buffer {
    const opened = aesDecryptGCM(ciphertext, this.#key, nonce(this.#counter++), this.#hash);
    this.#authenticate(ciphertext);
    return opened;
  }
}

/** One direction of the transport. */
class Cipher {
  readonly key: Buffer;
  #counter = 0;

  constructor(key: Buffer) {
    this.key = key;
  }

  nonce(): Buffer {
    return nonce(this.#counter++);
  }
}

function nonce(counter: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(counter, 8);
  return bytes;
}
