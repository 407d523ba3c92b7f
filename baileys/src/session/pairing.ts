import { initAuthCreds } from "@whiskeysockets/baileys";
import type { AuthenticationCreds } from "@whiskeysockets/baileys";
import type { Logger } from "pino";
import { StorageCorrupt } from "../storage/index.ts";
import type { AuthVault, BusinessStorage } from "../storage/index.ts";
import { ownPhone } from "./jid.ts";

export type Vault = AuthVault<AuthenticationCreds>;

/** A business's identity at WhatsApp, as it is stored: opened when needed, once. */
export function createPairing(storage: BusinessStorage, log: Logger) {
  const { businessId: business_id, state: file } = storage;
  let vault: Vault | null = null;
  /** A disk that hangs is waited for again and not asked twice. */
  let opening: Promise<Vault> | null = null;

  async function load(): Promise<Vault> {
    opening ??= storage.openAuth<AuthenticationCreds>(initAuthCreds).finally(() => {
      opening = null;
    });
    vault = await opening;
    const { origin } = vault;
    if (origin.kind === "ok" && origin.restored) {
      log.warn({ business_id, why: origin.restored }, "[WA-ERROR] the pairing was mended");
    }
    return vault;
  }

  return {
    /**
     * Credentials to connect with: the paired ones or new ones. What an unfinished pairing left
     * would be taken for a login, and refused.
     * @throws StorageCorrupt, StorageUnreadable
     */
    async open(): Promise<Vault> {
      if (vault?.creds.me && !vault.paired()) {
        await vault.close();
        vault = null;
      }
      return vault ?? load();
    },

    /** The account's own number in E.164. */
    phone: (): string | null =>
      ownPhone((vault?.paired() && vault.creds.me?.id) || file.get().paired_as || undefined),

    paired: (): boolean => vault?.paired() ?? file.get().paired_as !== null,

    async erase(): Promise<void> {
      const known = vault;
      vault = null;
      try {
        await (known ?? (await load())).erase();
      } catch (error) {
        if (!(error instanceof StorageCorrupt)) throw error;
        await storage.setAuthAside();
      } finally {
        vault = null;
      }
    },

    /** When a person wants to pair anew, what can't be read is put aside. Else nothing happens. */
    async setDamagedAside(): Promise<void> {
      if (vault) return;
      try {
        await load();
      } catch (error) {
        if (!(error instanceof StorageCorrupt)) return;
        log.warn({ business_id, why: error.message }, "[WA-ERROR] a damaged pairing is set aside");
        await storage.setAuthAside();
      }
    },

    async close(): Promise<void> {
      const known = vault;
      vault = null;
      await known?.close();
    },
  };
}
