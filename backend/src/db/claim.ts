import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/** A directory is already in use by a living process. */
export class DirectoryInUse extends Error {
  readonly directory: string;
  readonly pid: number;
  constructor(directory: string, pid: number) {
    super(`${directory} is already in use by process ${pid}`);
    this.name = "DirectoryInUse";
    this.directory = directory;
    this.pid = pid;
  }
}

export interface Claim {
  /** The previous owner ended without releasing: it was killed, or the machine stopped. */
  readonly left_behind: boolean;
  release(): Promise<void>;
}

/** When a process started, in the kernel's own words: a pid alone comes round again. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === "linux") {
    try {
      const stat = await readFile(`/proc/${pid}/stat`, "utf8");
      // The command name may hold spaces and brackets, so fields are counted after the last one.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  try {
    process.kill(pid, 0);
    return "running";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? "running" : undefined;
  }
}

async function livingOwner(file: string): Promise<number | undefined> {
  const text = await readFile(file, "utf8").catch(() => "");
  const [pid, start] = text.trim().split(" ");
  if (!pid || !start) return undefined;
  return (await startOf(Number(pid))) === start ? Number(pid) : undefined;
}

/**
 * Takes `directory` (made when absent) for this process, through a file `owner` in it that names
 * the process. The file of a process that is gone is taken over.
 * Throws `DirectoryInUse` while another process, or another part of this one, holds it.
 */
export async function claimDirectory(directory: string): Promise<Claim> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, "owner");
  const line = `${process.pid} ${await startOf(process.pid)}\n`;
  let left_behind = false;
  for (;;) {
    try {
      const handle = await open(file, "wx", 0o600);
      await handle.writeFile(line);
      await handle.close();
      return { left_behind, release: () => rm(file, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const owner = await livingOwner(file);
    if (owner !== undefined) throw new DirectoryInUse(directory, owner);
    left_behind = true;
    // Renamed, not removed: of two processes that come at once only one moves the stale file.
    const stale = `${file}.${process.pid}`;
    await rename(file, stale).catch(() => undefined);
    await rm(stale, { force: true });
  }
}
