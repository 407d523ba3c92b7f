import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pino } from "pino";
import { onTestFinished, vi } from "vitest";

export const silent = pino({ level: "silent" });

/** A folder of this test's own. */
export function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), "gateway-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A log that keeps what it was told. */
export function listening() {
  const lines: { level: number; msg: string; [field: string]: unknown }[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { log, lines };
}

/** A file system of this size; undefined where this user may not mount one. */
export function smallDisk(dir: string, kilobytes: number): string | undefined {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "none", dir], {
      stdio: "ignore",
    });
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync("umount", ["-l", dir]));
  return dir;
}

/** What every open file of this process goes through, to make it fail. */
export async function fileHandles(): Promise<FileHandle> {
  const handle = await open(tmpdir(), "r");
  await handle.close();
  return Object.getPrototypeOf(handle) as FileHandle;
}

/** For tests of what is in a file, not of what survives a power cut: many files, quickly. */
export async function withoutSync(): Promise<void> {
  const handles = await fileHandles();
  vi.spyOn(handles, "sync").mockResolvedValue();
  vi.spyOn(handles, "datasync").mockResolvedValue();
}

/** `write` puts down half of what it is given, then the disk is full. */
export async function diskFull(): Promise<{ restore(): void }> {
  const handles = await fileHandles();
  const { write } = handles;
  let half = true;
  const spy = vi.spyOn(handles, "write").mockImplementation(function (
    this: FileHandle,
    ...args: unknown[]
  ) {
    const [bytes, from, length, position] = args as [Buffer, number, number, number];
    if (!half) {
      return Promise.reject(Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" }));
    }
    half = false;
    return Reflect.apply(write, this, [bytes, from, Math.ceil(length / 2), position]) as never;
  } as never);
  return { restore: () => spy.mockRestore() };
}

/**
 * Runs a module in a process of its own.
 * @param source imports by absolute path
 */
export function child(source: string): {
  process: ChildProcess;
  lines: AsyncIterableIterator<string>;
} {
  const running = spawn(
    process.execPath,
    ["--expose-gc", "--input-type=module", "--eval", source],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  onTestFinished(async () => {
    if (running.exitCode !== null || running.signalCode !== null) return;
    running.kill("SIGKILL");
    await once(running, "exit");
  });
  const lines = createInterface({ input: running.stdout! })[Symbol.asyncIterator]();
  return { process: running, lines };
}
