import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const main = join(import.meta.dirname, "../../baileys/src/main.ts");

export interface GatewayProcess {
  readonly pid: number;
  /** Ends it at once, as a crash or a power cut would. */
  kill(): Promise<void>;
  /** Ends it in order. Resolves with the exit code. */
  stop(): Promise<number | null>;
  /** It stands still, as a machine does that has no time for it; its connections stay up. */
  freeze(): void;
  thaw(): void;
}

/**
 * The WhatsApp gateway as the process that it is in production.
 * @param output gets every line that it writes, to either stream
 */
export async function startGatewayProcess(
  env: Record<string, string>,
  output: string[],
): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  const ready = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      output.push(line);
      if (line.includes("[WA] gateway is up")) ready.resolve();
    });
  }
  void exited.then(() => ready.reject(new Error(`the gateway ended: ${output.at(-1)}`)));
  await ready.promise;
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  };
  return {
    pid: child.pid ?? 0,
    kill: async () => void (await end("SIGKILL")),
    stop: () => end("SIGTERM"),
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
  };
}
