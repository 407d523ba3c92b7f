import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { ProbeAnswer } from "../probe.ts";

const probe = join(import.meta.dirname, "../probe.ts");
const patience_ms = 60_000;

export interface MeasuredProcess {
  readonly pid: number;
  /** What the process said when it was ready. */
  readonly port: number;
  sample(): Promise<ProbeAnswer>;
  tell(message: string): void;
  /** What else it says on its channel. */
  onMessage(hear: (message: unknown) => void): void;
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<void>;
}

/**
 * Starts a Node module that says `{ ready, port }` on its channel, with the probe in it.
 * @param profile_dir where to leave a CPU profile when it ends; null for none
 * @param exec_args for Node itself
 */
export async function startMeasured(options: {
  module: string;
  env: Record<string, string>;
  log_fd: number;
  profile_dir: string | null;
  exec_args?: readonly string[];
}): Promise<MeasuredProcess> {
  const { module, env, log_fd, profile_dir, exec_args = [] } = options;
  const profiling = profile_dir === null ? {} : { BENCH_PROFILE_DIR: profile_dir };
  const child = fork(module, {
    env: { PATH: process.env["PATH"] ?? "", ...env, ...profiling },
    execArgv: [...exec_args, "--import", probe],
    stdio: ["ignore", log_fd, "inherit", "ipc"],
  });
  const exited = once(child, "exit");
  const waiting: ((answer: ProbeAnswer) => void)[] = [];
  const port = await new Promise<number>((resolve, reject) => {
    child.on("message", (message: { ready?: true; port?: number; probe?: ProbeAnswer }) => {
      if (message.probe) waiting.shift()?.(message.probe);
      else if (message.ready) resolve(message.port ?? 0);
    });
    void exited.then(() => reject(new Error(`${module} ended while it started`)));
    setTimeout(() => reject(new Error(`${module} is not ready`)), patience_ms).unref();
  });
  return {
    pid: child.pid ?? 0,
    port,
    async sample() {
      const answer = new Promise<ProbeAnswer>((resolve) => waiting.push(resolve));
      child.send({ probe: true });
      return answer;
    },
    tell: (message) => void child.send(message),
    onMessage: (hear) => void child.on("message", hear),
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
