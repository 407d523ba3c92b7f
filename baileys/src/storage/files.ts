import { randomUUID } from "node:crypto";
import { link, mkdir, open, rename, stat, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { StorageUnreadable } from "./errors.ts";

/** Writes all of it at this place; a write may come back short, e.g. on a disk that fills up. */
export async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(
      bytes,
      written,
      bytes.length - written,
      position + written,
    );
    if (bytesWritten === 0) throw new Error("the disk takes no more bytes");
    written += bytesWritten;
  }
}

/**
 * Under `path` there is either all that `write` wrote or what was there before, also after a
 * power cut. For this user only.
 * @param steps `ready`: the new file is whole and the old one still in its place; `replaced`: the
 *   new one is in its place, and whoever takes it here has to close it
 */
export async function replaceFile(
  path: string,
  write: (file: FileHandle) => Promise<void>,
  steps: { ready?: () => Promise<void>; replaced?: (file: FileHandle) => void } = {},
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  const file = await open(temporary, "wx+", 0o600);
  let taken = false;
  try {
    await write(file);
    await file.sync();
    await steps.ready?.();
    await rename(temporary, path);
    taken = steps.replaced !== undefined;
    steps.replaced?.(file);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  } finally {
    if (!taken) await file.close();
  }
  await syncFolder(dirname(path));
}

/** Gives what is there now a second name, under which it stays reachable when it is replaced. */
export async function linkAs(path: string, second: string): Promise<boolean> {
  await unlink(second).catch(() => {});
  try {
    await link(path, second);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** A name is on the disk only when its folder is. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Makes a folder for this user only, and those above it; all of it durable. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first) await syncFolder(dirname(first));
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw unreadable(error, path);
  }
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException)?.code === "ENOENT";
}

/** What the file system says, in words for a person. */
export function unreadable(error: unknown, path: string): StorageUnreadable {
  const { code } = error as NodeJS.ErrnoException;
  return new StorageUnreadable(`${path} can't be read (${code ?? "unknown"})`, path, {
    cause: error,
  });
}
