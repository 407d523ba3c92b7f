/**
 * Loaded into a measured process before its own code: answers `{ probe: true }` on its channel with
 * what the process has used, of which the event loop's delay is counted since the last answer.
 * With BENCH_PROFILE_DIR, what lies between two answers is profiled and left there.
 */
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { join } from "node:path";

const resolution_ms = 10;
const { BENCH_PROFILE_DIR: profile_dir } = process.env;

export interface ProbeAnswer {
  /** User and system time of all threads since the process began. */
  cpu_ms: number;
  rss_bytes: number;
  /** How late timers were. */
  loop_p99_ms: number;
  loop_max_ms: number;
}

const delay = monitorEventLoopDelay({ resolution: resolution_ms });
delay.enable();
const session = profile_dir === undefined ? null : new Session();
session?.connect();
await session?.post("Profiler.enable");
let profiles = 0;

process.on("message", (message) => {
  if (typeof message !== "object" || message === null || !("probe" in message)) return;
  const { user, system } = process.cpuUsage();
  // With --expose-gc: memory is what is in use, not what was left lying about.
  globalThis.gc?.();
  const late = (ns: number) => Math.max(0, ns / 1e6 - resolution_ms);
  const probe: ProbeAnswer = {
    cpu_ms: (user + system) / 1000,
    rss_bytes: process.memoryUsage.rss(),
    loop_p99_ms: late(delay.percentile(99)),
    loop_max_ms: late(delay.max),
  };
  delay.reset();
  process.send?.({ probe });
  void profile();
});

/** Ends the profile at hand, if any, and begins the next. */
async function profile(): Promise<void> {
  if (!session) return;
  if (profiles > 0) {
    const { profile } = await session.post("Profiler.stop");
    const name = `${process.pid}-${profiles}.cpuprofile`;
    writeFileSync(join(profile_dir!, name), JSON.stringify(profile));
  }
  profiles += 1;
  await session.post("Profiler.start");
}
