import { readdir, readFile, readlink, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** The server's own pid, by the file that it keeps in its data. */
async function postmasterOf(cluster: string): Promise<number | undefined> {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  return pid > 0 ? pid : undefined;
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/**
 * Every living process of a server on `cluster`. The pid in its file proves nothing: numbers come
 * round again, above all in containers. A server's processes all work in the directory itself.
 */
async function processesOn(cluster: string): Promise<number[]> {
  if (process.platform !== "linux") {
    const pid = await postmasterOf(cluster);
    return pid !== undefined && signal(pid, 0) ? [pid] : [];
  }
  const directory = await realpath(cluster);
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A zombie, or a process of another user, has no readable directory and isn't ours.
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => "");
      if (cwd !== directory) return false;
      const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
      return name.trim() === "postgres";
    }),
  );
  return pids.filter((_, at) => found[at]).map(Number);
}

/** Fast shutdown, immediate shutdown (recovered at the next start), no choice. */
const STEPS = [
  ["SIGINT", 30_000],
  ["SIGQUIT", 5_000],
  ["SIGKILL", 5_000],
] as const;

/**
 * Stops what a killed parent left running on `cluster`, and removes the lock file of a server that
 * is gone, whose pid may meanwhile be somebody else's. The caller holds the claim on the data.
 */
export async function stopOrphan(cluster: string): Promise<void> {
  let left = await processesOn(cluster);
  for (const [name, patience_ms] of STEPS) {
    const postmaster = await postmasterOf(cluster);
    const has_head = postmaster !== undefined && left.includes(postmaster);
    // The server passes the order on; processes that outlived it know SIGINT as something else.
    for (const pid of has_head ? [postmaster] : left) signal(pid, has_head ? name : "SIGQUIT");
    const deadline = Date.now() + patience_ms;
    while (left.length > 0 && Date.now() < deadline) {
      await delay(50);
      left = await processesOn(cluster);
    }
  }
  if (left.length > 0) throw new Error(`PostgreSQL still runs on ${cluster}: ${left.join(", ")}`);
  if (process.platform === "linux") await rm(join(cluster, "postmaster.pid"), { force: true });
}
