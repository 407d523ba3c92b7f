import { readFileSync } from "node:fs";

/** Whether a process runs; a zombie, which nobody has collected yet, does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
