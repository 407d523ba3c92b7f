import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const START = resolve(import.meta.dirname, "../start.ts");

/** A console of one page: what these tests are about does not need the real one built. */
function emptyConsole(): string {
  const dist = mkdtempSync(join(tmpdir(), "agentlocator-console-"));
  writeFileSync(join(dist, "index.html"), "<!doctype html><title>console</title>");
  return dist;
}

export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Everything it and its children have printed so far. */
  output(): string;
  /** Settles when a line matches, with the match; rejects when the process ends before. */
  line(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Settles with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

/** Runs scripts/start on `data_dir` and a free port, with more environment and arguments. */
export function start(
  data_dir: string,
  env: NodeJS.ProcessEnv = {},
  args: readonly string[] = [],
): Started {
  const child = spawn(process.execPath, [START, ...args], {
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      PORT: "0",
      HOST: "127.0.0.1",
      DATA_DIR: data_dir,
      FRONTEND_DIST: emptyConsole(),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      for (const look of waiting) look();
    });
  }
  const ended = once(child, "exit").then(([code, signal]) => (code ?? signal) as number | string);
  return {
    child,
    pid: child.pid ?? 0,
    ended,
    output: () => text,
    line: (pattern) =>
      new Promise((found, failed) => {
        const look = () => {
          const match = text.match(pattern);
          if (!match) return;
          waiting.delete(look);
          found(match);
        };
        waiting.add(look);
        look();
        void ended.then((code) =>
          failed(new Error(`ended with ${code} before ${pattern}\n${text}`)),
        );
      }),
  };
}

/** Pids of the processes below `pid`, from the kernel. */
export function descendants(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    const pids = children.split(" ").filter(Boolean).map(Number);
    return pids.flatMap((child) => [child, ...descendants(child)]);
  } catch {
    return [];
  }
}

/** The pid among `pids` whose command line has `part` in it. */
export function pidOf(pids: number[], part: string): number {
  const found = pids.find((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(part));
  if (!found) throw new Error(`no process of ${part}`);
  return found;
}
