import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** What a sealed text belongs to. It opens only there, so a row copied elsewhere stays shut. */
export interface VaultContext {
  /** null for what belongs to the installation and not to a business. */
  business_id: number | null;
  /** e.g. `users.totp_secret` */
  name: string;
}

export interface Vault {
  /** The form is `v1.<key fingerprint>.<base64url of iv, ciphertext and tag>`. */
  seal(text: string, context: VaultContext): string;
  /** @throws VaultError when the text was changed, moved, or sealed under another APP_SECRET */
  open(sealed: string, context: VaultContext): string;
  /** Names the key without telling anything about it: for backups and the doctor. */
  fingerprint(): string;
}

/** The message says which of the reasons it was and quotes neither text nor key. */
export class VaultError extends Error {
  override name = "VaultError";
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Derives a key of its own for each purpose, so that no two uses of APP_SECRET share one. */
export function deriveKey(app_secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", app_secret, "", `agentlocator/${purpose}`, 32));
}

/** Secrets at rest: AES-256-GCM under a key derived from APP_SECRET (32 bytes or more). */
export function createVault(app_secret: string): Vault {
  const key = deriveKey(app_secret, "vault/v1");
  const fingerprint = deriveKey(app_secret, "vault-fingerprint/v1").toString("hex", 0, 4);
  const aad = ({ business_id, name }: VaultContext) =>
    Buffer.from(JSON.stringify([fingerprint, business_id, name]));

  return {
    seal(text, context) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(aad(context));
      const body = Buffer.concat([
        iv,
        cipher.update(text, "utf8"),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      return `v1.${fingerprint}.${body.toString("base64url")}`;
    },

    open(sealed, context) {
      const [version, sealedBy, encoded, ...rest] = sealed.split(".");
      if (version !== "v1" || !sealedBy || !encoded || rest.length > 0) {
        throw new VaultError("not a sealed text");
      }
      if (sealedBy !== fingerprint) {
        throw new VaultError(`sealed under another APP_SECRET (${sealedBy}, now ${fingerprint})`);
      }
      const body = Buffer.from(encoded, "base64url");
      if (body.length < IV_BYTES + TAG_BYTES) throw new VaultError("the sealed text is cut short");
      const decipher = createDecipheriv("aes-256-gcm", key, body.subarray(0, IV_BYTES))
        .setAAD(aad(context))
        .setAuthTag(body.subarray(-TAG_BYTES));
      try {
        const text = decipher.update(body.subarray(IV_BYTES, -TAG_BYTES));
        return Buffer.concat([text, decipher.final()]).toString("utf8");
      } catch {
        throw new VaultError(`changed, or not sealed for ${context.name}`);
      }
    },

    fingerprint: () => fingerprint,
  };
}
