import { closeSync, openSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { StorageLocked, StorageUnreadable } from "./errors.ts";
import { unreadable } from "./files.ts";

const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

/**
 * Held here, for a database that is collected gives up its lock. Closing any descriptor of a file
 * drops all of a process's locks on it, so none of these may ever be opened a second time.
 */
const own = new Map<string, DatabaseSync>();

/**
 * Takes a folder for this process until the returned function is called or the process ends.
 *
 * A lock of the operating system, not a file that says so: the kernel drops it with its holder,
 * also after SIGKILL or a power cut, and it holds between containers that share a volume, where
 * process ids mean nothing. Node.js itself offers none; SQLite takes one (`fcntl`) for its
 * exclusive transactions, so an empty database that is never written serves as the lock.
 * @throws StorageLocked, or StorageUnreadable when the file system can't lock
 */
export function lockFolder(folder: string): () => void {
  const path = `${folder}/lock`;
  const inUse = () => {
    const by = holder(`${path}.holder`);
    return new StorageLocked(`${folder} is in use by another gateway${by}`, folder);
  };
  if (own.has(path)) throw inUse();
  try {
    closeSync(openSync(path, "a", 0o600));
  } catch (error) {
    throw unreadable(error, path);
  }
  let database: DatabaseSync;
  try {
    database = begin(path);
  } catch (error) {
    const { errcode } = error as { errcode?: number };
    if (errcode === SQLITE_BUSY) throw inUse();
    throw new StorageUnreadable(`${path} can't be locked: ${(error as Error).message}`, path, {
      cause: error,
    });
  }
  own.set(path, database);
  const me = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  try {
    writeFileSync(`${path}.holder`, JSON.stringify(me), { mode: 0o600 });
  } catch {
    // Only for the message to whoever comes second; a full disk is no reason not to start.
  }
  return () => {
    if (!database.isOpen) return;
    database.close();
    own.delete(path);
  };
}

function begin(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_NOTADB) throw error;
    // Damaged: its content was nothing anyway, and emptying it takes nobody's lock away.
    truncateSync(path);
    return begin(path);
  }
}

/** E.g. ` (process 17 on host-a, since …)`. */
function holder(path: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(path, "utf8"));
    return ` (process ${pid} on ${host}, since ${since})`;
  } catch {
    return "";
  }
}
