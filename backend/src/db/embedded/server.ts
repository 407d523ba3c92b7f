import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type FileHandle, open, rename } from "node:fs/promises";
import type { Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { RunAs } from "./run-as.ts";

/** The database sees none of this process's environment: it holds secrets that aren't its own. */
export const CLEAN_ENV = { PATH: process.env.PATH ?? "/usr/bin:/bin", LC_ALL: "C" };

/**
 * Becomes the server, after leaving a watcher behind that holds the other end of descriptor 3.
 * When that end closes without a word the parent was killed: the watcher lets the sessions that
 * are still open finish, then stops the server, so that nothing is left running on the data.
 */
const GUARDED = `pid=$$
watch() {
  read -r _ <&3 && return
  kill -TERM $pid
  for _ in 1 2 3 4 5 6 7 8; do sleep 1; kill -0 $pid || return; done
  kill -INT $pid
}
( watch >/dev/null 2>&1 & )
exec "$@" 3<&-`;

export interface Server {
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

/** SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one, recovered at the next start. */
const STEPS = [
  ["SIGINT", 30_000],
  ["SIGQUIT", 5_000],
  ["SIGKILL", 5_000],
] as const;

/** Starts the server on `cluster`; its messages go to the file `log`, the last one to `log.1`. */
export async function spawnServer(
  postgres: string,
  cluster: string,
  log: string,
  settings: Readonly<Record<string, string>>,
  run_as: RunAs,
): Promise<Server> {
  await rename(log, `${log}.1`).catch(() => undefined);
  const output: FileHandle = await open(log, "a", 0o600);
  const flags = Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
  const command = [...run_as.prefix, postgres, "-D", cluster, ...flags];
  const child: ChildProcess = spawn("sh", ["-c", GUARDED, "sh", ...command], {
    cwd: "/",
    env: CLEAN_ENV,
    // Its own session: Ctrl-C in the terminal must not stop the database before its clients.
    detached: true,
    stdio: ["ignore", output.fd, output.fd, "pipe"],
  });
  const watcher = child.stdio[3] as Writable;
  watcher.on("error", () => undefined);
  const exited = once(child, "exit").then(() => {
    watcher.end("done\n");
  });
  await once(child, "spawn");
  await output.close();
  return {
    exited,
    async stop() {
      for (const [name, patience_ms] of STEPS) {
        if (child.exitCode !== null || child.signalCode !== null) break;
        child.kill(name);
        await Promise.race([exited, delay(patience_ms, undefined, { ref: false })]);
      }
      await exited;
    },
  };
}
