import type { Logger } from "pino";
import type { AuthVault, VaultCreds } from "./auth-vault.ts";
import type { Inbox } from "./inbox.ts";
import type { MessageStore } from "./messages.ts";
import type { SendLedger } from "./sends.ts";
import type { StateFile } from "./state.ts";

export type { AuthOrigin, AuthVault, SignalData, SignalKeys, VaultCreds } from "./auth-vault.ts";
export type { Inbox, InboxEntry } from "./inbox.ts";
export type { MessageKey, MessageStore } from "./messages.ts";
export type { SendLedger, SendState, SendStatus, StoredSend } from "./sends.ts";
export type { StateFile, StoredState } from "./state.ts";
export { StorageCorrupt, StorageError, StorageLocked, StorageUnreadable } from "./errors.ts";
export { SendConflict, SendWithdrawn } from "./sends.ts";

/** All that a business has on the disk, owned by this process until `close`. */
export interface BusinessStorage {
  readonly businessId: number;
  readonly inbox: Inbox;
  readonly messages: MessageStore;
  readonly sends: SendLedger;
  readonly state: StateFile;
  /** What was found damaged while opening and how it was mended; plain words, also logged. */
  readonly notices: readonly string[];
  /**
   * @param fresh makes the credentials of a new identity (`initAuthCreds`); called only when there
   *   is none on the disk, or a half-made pairing (`me` without `account`), which is set aside
   * @throws StorageCorrupt, StorageUnreadable: never a new identity in the place of a damaged one
   */
  openAuth<Creds extends VaultCreds>(fresh: () => Creds): Promise<AuthVault<Creds>>;
  /** After StorageCorrupt, when a person asked to pair again: the damaged auth is set aside. */
  setAuthAside(): Promise<void>;
  close(): Promise<void>;
}

export interface StorageOptions {
  /** WA_STORAGE_DIR */
  dir: string;
  businessId: number;
  /** APP_SECRET; encrypts what is stored. */
  secret: string | undefined;
  log: Logger;
  /** ms since the epoch */
  now?: () => number;
  /** Of one get or set of keys. */
  timeout_ms?: number;
}

/**
 * Opens `business_<id>` under the storage folder, making what is missing.
 * @throws StorageLocked when another process owns it; StorageUnreadable
 */
export async function openBusiness(_options: StorageOptions): Promise<BusinessStorage> {
  throw new Error("being built");
}

/** The businesses that have a folder, in ascending order: those to start after a restart. */
export async function storedBusinesses(_dir: string): Promise<number[]> {
  throw new Error("being built");
}
