import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { openVault, removeErased, setAside } from "./auth-vault.ts";
import type { AuthVault, VaultCreds } from "./auth-vault.ts";
import { latestFolder, removeOlder, takeFolder } from "./epochs.ts";
import { StorageError } from "./errors.ts";
import { isMissing, makeFolder, unreadable } from "./files.ts";
import { createInbox } from "./inbox.ts";
import type { Inbox } from "./inbox.ts";
import { makeJournals, openJournal } from "./journals.ts";
import type { JournalUse } from "./journals.ts";
import type { Lease } from "./lease.ts";
import { lockFolder } from "./lock.ts";
import { createMessages } from "./messages.ts";
import type { MessageStore } from "./messages.ts";
import { createSealer } from "./sealer.ts";
import { createSends } from "./send-ledger.ts";
import type { SendLedger } from "./sends.ts";
import { openState } from "./state.ts";
import type { StateFile } from "./state.ts";

export type { Lease } from "./lease.ts";
export type { SignalData, SignalKeys } from "./auth-keys.ts";
export type { AuthOrigin, AuthVault, VaultCreds } from "./auth-vault.ts";
export type { Inbox, InboxEntry, InboxHead } from "./inbox.ts";
export type { MessageKey, MessageStore } from "./messages.ts";
export type { SendLedger, SendState, SendStatus, StoredSend } from "./sends.ts";
export type { StateFile, StoredState } from "./state.ts";
export { StorageCorrupt, StorageError, StorageLocked, StorageUnreadable } from "./errors.ts";
export { SendConflict, SendWithdrawn } from "./sends.ts";

const TIMEOUT_MS = 10_000;

/** All that a business has on the disk, owned by this process until `close`. */
export interface BusinessStorage {
  readonly businessId: number;
  /** Under which the data is this process's; undefined: there is one gateway. */
  readonly lease: Lease | undefined;
  readonly inbox: Inbox;
  readonly messages: MessageStore;
  readonly sends: SendLedger;
  readonly state: StateFile;
  /** What was found damaged while opening and what came of it; plain words, also logged. */
  readonly notices: readonly string[];
  /**
   * @param fresh makes the credentials of a new identity (`initAuthCreds`); called only when there
   *   is none on the disk, or a half-made pairing (`me` without `account`), which is set aside
   * @throws StorageCorrupt, StorageUnreadable: never a new identity in the place of a damaged one;
   *   StorageError while it is open already
   */
  openAuth<Creds extends VaultCreds>(fresh: () => Creds): Promise<AuthVault<Creds>>;
  /** After StorageCorrupt, when a person asked to pair again: the damaged auth is set aside. */
  setAuthAside(): Promise<void>;
  /** Close the auth before. */
  close(): Promise<void>;
}

export interface StorageOptions {
  /** WA_STORAGE_DIR */
  dir: string;
  businessId: number;
  /** APP_SECRET; encrypts what is stored. */
  secret: string | undefined;
  log: Logger;
  /** With several gateways on the same storage. */
  lease?: Lease | undefined;
  /** ms since the epoch */
  now?: () => number;
  /** Of one get or set of keys. */
  timeout_ms?: number;
}

/**
 * Opens `business_<id>` under the storage folder, making what is missing.
 * @throws StorageLocked when another process owns it, StorageLost when its lease is over;
 *   StorageUnreadable
 */
export async function openBusiness({
  dir,
  businessId,
  secret,
  log: parent,
  lease,
  now = Date.now,
  timeout_ms = TIMEOUT_MS,
}: StorageOptions): Promise<BusinessStorage> {
  const root = join(dir, `business_${businessId}`);
  const log = parent.child({ business_id: businessId });
  await makeFolder(root).catch((error: Error) => {
    throw unreadable(error, root);
  });
  const folder = lease ? await takeFolder(root, lease) : (await latestFolder(root)).folder;
  const unlock = lockFolder(folder);
  const open: { close(): Promise<void> }[] = [];
  const closeAll = async () => {
    try {
      await Promise.all(open.splice(0).map((one) => one.close()));
    } finally {
      unlock();
    }
  };
  try {
    const sealer = createSealer(secret, businessId);
    const notices: string[] = [];
    await removeErased(folder);
    const state = await openState(join(folder, "state"), sealer, {
      ...{ log, now, lease, notices },
    });
    await makeJournals(folder, ["inbox", "messages", "sends"], sealer);
    const openOne = async <T>(name: string, use: () => JournalUse<T>): Promise<T> => {
      const path = join(folder, "journal", name);
      const { map, journal } = await openJournal({ path, sealer, log, now, lease }, use, notices);
      open.push(map);
      return journal;
    };
    let authIsOpen = false;
    const storage: BusinessStorage = {
      businessId,
      lease,
      inbox: await openOne("inbox", createInbox),
      messages: await openOne("messages", () => createMessages({ log, now })),
      sends: await openOne("sends", () => createSends({ business_id: businessId, now })),
      state,
      notices,
      async openAuth(fresh) {
        if (authIsOpen) throw new StorageError(`the auth in ${folder} is open already`, folder);
        const onClose = () => void (authIsOpen = false);
        authIsOpen = true;
        const options = { folder, sealer, state, log, now, lease, timeout_ms, onClose };
        return openVault(options, fresh).catch((error: Error) => {
          onClose();
          throw error;
        });
      },
      async setAuthAside() {
        await state.setPairedAs(null);
        await setAside(folder, now());
      },
      close: closeAll,
    };
    // Only now: what was copied can be read.
    if (lease) {
      await removeOlder(root, lease.epoch).catch((error: unknown) => {
        log.warn({ err: error }, "[WA] what a gateway before this one left is not all removed");
      });
    }
    return storage;
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** The businesses that have a folder, in ascending order: those to start after a restart. */
export async function storedBusinesses(dir: string): Promise<number[]> {
  try {
    const names = await readdir(dir);
    const ids = names.flatMap((name) => /^business_([1-9]\d*)$/.exec(name)?.[1] ?? []);
    return ids.map(Number).toSorted((a, b) => a - b);
  } catch (error) {
    if (isMissing(error)) return [];
    throw unreadable(error, dir);
  }
}
