import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from "node:crypto";
import { getMediaKeys } from "@whiskeysockets/baileys";

export type MediaKind = "image" | "video" | "audio" | "document" | "sticker";

/** A file as WhatsApp keeps it: encrypted, with what its receiver is told. */
export interface Encrypted {
  media_key: Buffer;
  sha256: Buffer;
  encrypted: Buffer;
  encrypted_sha256: Buffer;
}

export async function encryptMedia(kind: MediaKind, file: Buffer): Promise<Encrypted> {
  const media_key = randomBytes(32);
  const { cipherKey, iv, macKey } = await keysOf(media_key, kind);
  const cipher = createCipheriv("aes-256-cbc", cipherKey, iv);
  const sealed = Buffer.concat([cipher.update(file), cipher.final()]);
  const encrypted = Buffer.concat([sealed, mac(macKey, iv, sealed)]);
  return { media_key, sha256: sha256(file), encrypted, encrypted_sha256: sha256(encrypted) };
}

/** @throws when it is not what the key says */
export async function decryptMedia(
  kind: MediaKind,
  media_key: Uint8Array,
  encrypted: Buffer,
): Promise<Buffer> {
  const { cipherKey, iv, macKey } = await keysOf(Buffer.from(media_key), kind);
  const sealed = encrypted.subarray(0, -10);
  if (!encrypted.subarray(-10).equals(mac(macKey, iv, sealed))) throw new Error("media: wrong MAC");
  const decipher = createDecipheriv("aes-256-cbc", cipherKey, iv);
  return Buffer.concat([decipher.update(sealed), decipher.final()]);
}

export function sha256(data: Uint8Array): Buffer {
  return createHash("sha256").update(data).digest();
}

async function keysOf(media_key: Buffer, kind: MediaKind) {
  const { cipherKey, iv, macKey } = await getMediaKeys(media_key, kind);
  if (!macKey) throw new Error("media: no MAC key");
  return { cipherKey, iv, macKey };
}

function mac(key: Uint8Array, iv: Uint8Array, sealed: Buffer): Buffer {
  return createHmac("sha256", key).update(iv).update(sealed).digest().subarray(0, 10);
}
