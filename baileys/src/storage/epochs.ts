import { copyFile, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { StorageLost } from "./errors.ts";
import { syncFolder, unreadable } from "./files.ts";
import { mustHold } from "./lease.ts";
import type { Lease } from "./lease.ts";

const EPOCH = /^epoch_(\d+)$/;
/** Of an owner and not of the data; or what a dead process left of a write. */
const NOT_DATA = /^lock(\.holder)?$|\.tmp$|^epoch_/;

/**
 * Where a business's data is: in the folder of its highest epoch, or in its own folder while there
 * has been no lease.
 */
export async function latestFolder(root: string): Promise<{ folder: string; epoch: number }> {
  const names = await readdir(root).catch((error: unknown) => {
    throw unreadable(error, root);
  });
  const epochs = names.flatMap((name) => EPOCH.exec(name)?.[1] ?? []).map(Number);
  const epoch = Math.max(0, ...epochs);
  return { folder: epoch === 0 ? root : join(root, `epoch_${epoch}`), epoch };
}

/**
 * Makes the lease's own folder: a copy of the one before it, so that whoever had that one and does
 * not know yet that it is over writes to files that nobody reads. The highest epoch counts, so a
 * copy that a gateway finishes too late counts for nothing either.
 * @throws StorageLost
 */
export async function takeFolder(root: string, lease: Lease): Promise<string> {
  const before = await latestFolder(root);
  const folder = join(root, `epoch_${lease.epoch}`);
  if (before.epoch === lease.epoch) return folder;
  if (before.epoch > lease.epoch) {
    throw new StorageLost(`${root} was taken by epoch ${before.epoch} already`, root);
  }
  const making = `${folder}.new`;
  await rm(making, { recursive: true, force: true });
  await copyFolder(before.folder, making);
  mustHold(lease, root);
  await rename(making, folder);
  await syncFolder(root);
  mustHold(lease, root);
  return folder;
}

/** What the epochs before this one left. A gateway that still writes there hears that it is gone. */
export async function removeOlder(root: string, epoch: number): Promise<void> {
  for (const name of await readdir(root)) {
    const its = Number(/^epoch_(\d+)(\.new)?$/.exec(name)?.[1] ?? 0);
    if (its < epoch) await rm(join(root, name), { recursive: true, force: true });
  }
}

/** All of it is on the disk when this resolves. */
async function copyFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (NOT_DATA.test(entry.name)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyFolder(source, target);
    else await copyDurably(source, target);
  }
  await syncFolder(to);
}

async function copyDurably(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const file = await open(to, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
