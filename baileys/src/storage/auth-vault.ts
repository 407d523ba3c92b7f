import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { openAuthKeys } from "./auth-keys.ts";
import type { SignalKeys } from "./auth-keys.ts";
import { coalesced } from "./coalesce.ts";
import { readDocument, writeDocument } from "./document.ts";
import { StorageCorrupt, StorageError } from "./errors.ts";
import { isMissing, makeFolder, syncFolder, unreadable } from "./files.ts";
import type { Lease } from "./lease.ts";
import type { Sealer } from "./sealer.ts";
import type { OwnStateFile } from "./state.ts";

/** Of folders set aside for a look into them; older ones are deleted. */
const ASIDE_KEPT = 3;

/** What the vault looks at in Baileys' credentials; all else is opaque. */
export interface VaultCreds {
  me?: { id: string } | undefined;
  account?: unknown;
}

export type AuthOrigin =
  | { kind: "new"; archived?: string }
  /** `restored`: plain words about what was damaged and from where it came back. */
  | { kind: "ok"; restored?: string };

export interface AuthVault<Creds extends VaultCreds> {
  readonly origin: AuthOrigin;
  /** Baileys changes this object in place; then call `saveCreds`. */
  readonly creds: Creds;
  /** `creds.me.id` and `creds.account` are there. */
  paired(): boolean;
  /** Durable when it resolves. Calls that come together are one write. */
  saveCreds(): Promise<void>;
  readonly keys: SignalKeys;
  /** After a logout: nothing of the identity is left on the disk. The vault is closed. */
  erase(): Promise<void>;
  close(): Promise<void>;
}

export interface VaultOptions {
  /** `business_<id>`; the auth is in `auth` under it. */
  folder: string;
  sealer: Sealer;
  state: OwnStateFile;
  log: Logger;
  now: () => number;
  lease: Lease | undefined;
  timeout_ms: number;
  onClose: () => void;
}

const isPaired = (creds: VaultCreds) => Boolean(creds.me?.id && creds.account);

/**
 * Opens a business's auth. A new identity is made only when there is none, or only a half-made
 * one that WhatsApp does not know; never in the place of one that can't be read.
 * @throws StorageCorrupt, StorageUnreadable
 */
export async function openVault<Creds extends VaultCreds>(
  options: VaultOptions,
  fresh: () => Creds,
): Promise<AuthVault<Creds>> {
  const { folder, sealer, state, log, now, lease, onClose } = options;
  const auth = join(folder, "auth");
  const path = join(auth, "creds");
  const stored = await readCreds<Creds>(auth, path, options);
  let archived: string | undefined;
  if (stored?.creds.me && !isPaired(stored.creds)) archived = await setAside(folder, now());
  const creds = stored && !archived ? stored.creds : fresh();
  const isNew = !isPaired(creds);
  const write = (copy: "before" | "same" | "left") =>
    writeDocument(path, creds, { sealer, now, lease, copy });
  await makeFolder(auth);
  // The credentials come first: keys beside none would look like a loss.
  if (!stored || archived || stored.plain) await write("same");
  else if (stored.from_copy) await write("left");
  const keys = await openAuthKeys({
    ...options,
    path: join(auth, "keys"),
    fresh: isNew,
    copy_is_plain: stored?.plain ?? false,
  });
  const restored = [stored?.from_copy && `${path} was damaged; its copy is used`, keys.restored]
    .filter(Boolean)
    .join("; ");
  if (restored) log.error({ restored }, "[WA-ERROR] damaged auth was restored");

  let closed = false;
  const save = coalesced(async () => {
    const me = isPaired(creds) ? creds.me!.id : null;
    const other = me !== state.get().paired_as;
    await write(other ? "same" : "before");
    if (other) await state.setPairedAs(me);
  });
  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    try {
      await save();
    } finally {
      await keys.close().finally(onClose);
    }
  }

  try {
    if (!isNew && state.get().paired_as !== creds.me!.id) await save();
  } catch (error) {
    await keys.close();
    throw error;
  }
  return {
    origin: isNew
      ? { kind: "new", ...(archived && { archived }) }
      : { kind: "ok", ...(restored && { restored }) },
    creds,
    paired: () => isPaired(creds),
    keys,
    async saveCreds() {
      if (closed) throw new StorageError(`${auth} is closed`, auth);
      await save();
    },
    async erase() {
      await close().catch((error: Error) => {
        log.warn({ err: error }, "[WA] credentials to be erased were not saved before");
      });
      await eraseAuth(folder, state);
    },
    close,
  };
}

/** Undefined: there was never an identity. */
async function readCreds<Creds extends VaultCreds>(
  auth: string,
  path: string,
  { sealer, state }: VaultOptions,
): Promise<{ creds: Creds; from_copy: boolean; plain: boolean } | undefined> {
  const { paired_as } = state.get();
  const stored = await readDocument(path, sealer);
  if (stored) {
    const creds = stored.value as Creds;
    if (isPaired(creds) || !paired_as) return { ...stored, creds };
    throw new StorageCorrupt(`${path} holds no pairing, but there was one`, path);
  }
  if (paired_as) throw new StorageCorrupt(`${path} is gone, but the business was paired`, path);
  const files = (await list(auth)).filter((name) => !name.endsWith(".tmp"));
  if (files.length === 0) return undefined;
  throw new StorageCorrupt(`${path} is gone, but other files of the identity are there`, path);
}

/** In two steps, so that a process that dies between them leaves no half of an identity. */
async function eraseAuth(folder: string, state: OwnStateFile): Promise<void> {
  await state.setPairedAs(null);
  await moveTo(folder, "erased");
  await removeErased(folder);
}

/** What an earlier process did not get to delete. */
export async function removeErased(folder: string): Promise<void> {
  await rm(join(folder, "erased"), { recursive: true, force: true });
}

/** @returns where the auth is now; undefined when there was none */
export async function setAside(folder: string, now: number): Promise<string | undefined> {
  const aside = join(folder, "set-aside");
  await makeFolder(aside);
  const moved = await moveTo(folder, join("set-aside", `auth-${now}`));
  const all = (await list(aside)).toSorted();
  for (const name of all.slice(0, -ASIDE_KEPT)) {
    await rm(join(aside, name), { recursive: true, force: true });
  }
  return moved;
}

async function moveTo(folder: string, name: string): Promise<string | undefined> {
  const target = join(folder, name);
  await rm(target, { recursive: true, force: true });
  try {
    await rename(join(folder, "auth"), target);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  await syncFolder(folder);
  return target;
}

async function list(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isMissing(error)) return [];
    throw unreadable(error, path);
  }
}
