import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const main = join(import.meta.dirname, "../../backend/src/main.ts");

/** The backend as the process that it is in production, so that it can be killed. */
export async function startBackendProcess(env: Record<string, string>) {
  const child = fork(main, {
    env: { PATH: process.env.PATH ?? "", ...env },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const exited = once(child, "exit");
  const ready = Promise.withResolvers<void>();
  child.once("message", () => ready.resolve());
  void exited.then(() => ready.reject(new Error("the backend ended while it started")));
  await ready.promise;
  return {
    async kill(): Promise<void> {
      child.kill("SIGKILL");
      await exited;
    },
    async stop(): Promise<void> {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
