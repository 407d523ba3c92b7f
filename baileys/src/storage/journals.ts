import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { createMap, openMap } from "./durable-map.ts";
import type { DurableMap, DurableMapOptions } from "./durable-map.ts";
import { StorageCorrupt } from "./errors.ts";
import { exists, linkAs, syncFolder } from "./files.ts";
import { rebuildLog } from "./log-rebuild.ts";
import { writeLogFile } from "./log-write.ts";
import type { Sealer } from "./sealer.ts";

/**
 * Makes the folder of journals with all its files at once: from then on, one that is not there
 * was lost.
 */
export async function makeJournals(
  folder: string,
  names: readonly string[],
  sealer: Sealer,
): Promise<void> {
  const journals = join(folder, "journal");
  if (await exists(journals)) return;
  const making = `${journals}.new`;
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { mode: 0o700 });
  for (const name of names) await writeLogFile(join(making, name), sealer, async () => {});
  await rename(making, journals);
  await syncFolder(folder);
}

/** What is made of a journal: it hears the replay, then gets the map. */
export interface JournalUse<T> {
  replay?: (key: string, value: Buffer | null, stamp: number) => void;
  on(map: DurableMap): T;
}

/**
 * Opens a journal. Of a damaged one all that can still be read is kept in use: a business that
 * can't work at all would lose more. What was done about it is added to `notices`.
 * @param use called for each attempt: what a damaged file replayed counts for nothing
 * @throws StorageUnreadable
 */
export async function openJournal<T>(
  options: Omit<DurableMapOptions, "onReplay">,
  use: () => JournalUse<T>,
  notices: string[],
): Promise<{ map: DurableMap; journal: T }> {
  const { path, sealer, log } = options;
  const attempt = async (open: typeof openMap) => {
    const { replay, on } = use();
    const map = await open({ ...options, ...(replay && { onReplay: replay }) });
    return { map, journal: on(map) };
  };
  try {
    if (!(await exists(path))) throw new StorageCorrupt(`${path} is gone`, path);
    return await attempt(openMap);
  } catch (error) {
    if (!(error instanceof StorageCorrupt)) throw error;
    const rebuilt = await rebuildLog(path, [], sealer);
    if (!rebuilt) await linkAs(path, `${path}.damaged`);
    const notice = `${error.message}; ${rebuilt?.records ?? 0} records of it could be read`;
    log.error({ path, notice }, "[WA-ERROR] a journal was damaged");
    notices.push(notice);
    return attempt(rebuilt ? openMap : createMap);
  }
}
