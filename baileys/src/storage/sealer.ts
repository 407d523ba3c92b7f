import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Keeps records of one business from whoever has the disk but not APP_SECRET. */
export interface Sealer {
  /** Names the secret without telling anything about it; 0: nothing is sealed. */
  readonly fingerprint: number;
  seal(plain: Buffer): Buffer;
  /** @throws when it was sealed for another business or changed */
  open(sealed: Buffer): Buffer;
}

/** For files that were written while there was no secret. */
export const plainSealer: Sealer = {
  fingerprint: 0,
  seal: (bytes) => bytes,
  open: (bytes) => bytes,
};

/** AES-256-GCM under a key of this business, derived from APP_SECRET. */
export function createSealer(secret: string | undefined, business_id: number): Sealer {
  if (!secret) return plainSealer;
  const derive = (purpose: string, bytes: number) =>
    Buffer.from(hkdfSync("sha256", secret, "", `agentlocator/whatsapp-${purpose}/v1`, bytes));
  const key = derive(`storage/business_${business_id}`, 32);
  return {
    // Never 0, which says that nothing is sealed.
    fingerprint: derive("storage-fingerprint", 4).readUInt32LE() || 1,
    seal(plain) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, iv);
      return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed) {
      const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, IV_BYTES));
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      const text = decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES));
      return Buffer.concat([text, decipher.final()]);
    },
  };
}
