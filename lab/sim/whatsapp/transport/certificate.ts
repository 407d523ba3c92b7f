import { createHash } from "node:crypto";
import { Curve, proto } from "@whiskeysockets/baileys";

export interface KeyPair {
  private: Uint8Array;
  public: Uint8Array;
}

const { NoiseCertificate } = proto.CertChain;
const base_point = Buffer.alloc(32);
base_point[0] = 9;

/** The same in every process: what one signs another can trust, also after a restart. */
export function laboratoryKey(name: string): KeyPair {
  const secret = createHash("sha256").update(`AgentLocator laboratory: ${name}`).digest();
  return { private: secret, public: Curve.sharedKey(secret, base_point) };
}

/** Signs the certificates of every simulated server; see trust-root.ts. */
export const root_key: KeyPair = laboratoryKey("noise root");
/** Signs them when a server that must not be trusted is wanted. */
export const foreign_root: KeyPair = laboratoryKey("not a root");

/** The chain for a server's static key, as its hello carries it: root → intermediate → leaf. */
export function certificateChain(static_public: Uint8Array, root: KeyPair = root_key): Uint8Array {
  const intermediate = Curve.generateKeyPair();
  const now = Math.floor(Date.now() / 1000);
  const signed = (serial: number, issuerSerial: number, key: Uint8Array, by: Uint8Array) => {
    const validity = { notBefore: now - 86_400, notAfter: now + 86_400 };
    const fields = { serial, issuerSerial, key, ...validity };
    const details = NoiseCertificate.Details.encode(fields).finish();
    return { details, signature: Curve.sign(by, details) };
  };
  return proto.CertChain.encode({
    intermediate: signed(1, 0, intermediate.public, root.private),
    leaf: signed(2, 1, static_public, intermediate.private),
  }).finish();
}
