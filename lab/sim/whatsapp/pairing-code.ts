import { randomBytes } from "node:crypto";
import {
  aesDecryptCTR,
  aesDecryptGCM,
  aesEncryptCTR,
  derivePairingCodeKey,
  hkdf,
} from "@whiskeysockets/baileys";

/** A key under the pairing code: salt (32 bytes), counter (16), the key (32). */
export async function wrap(code: string, key: Uint8Array): Promise<Buffer> {
  const [salt, counter] = [randomBytes(32), randomBytes(16)];
  const secret = await derivePairingCodeKey(code, salt);
  return Buffer.concat([salt, counter, aesEncryptCTR(key, secret, counter)]);
}

/** The key again; with another code, another key. */
export async function unwrap(code: string, wrapped: Buffer): Promise<Buffer> {
  const secret = await derivePairingCodeKey(code, wrapped.subarray(0, 32));
  return aesDecryptCTR(wrapped.subarray(48), secret, wrapped.subarray(32, 48));
}

/** The random part of the client's bundle. @throws when the code was not the one it showed */
export function openBundle(
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
