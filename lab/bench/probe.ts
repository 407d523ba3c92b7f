/**
 * Loaded into a measured process before its own code: answers `{ probe: true }` on its channel with
 * what the process has used, of which the event loop's delay is counted since the last answer.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";

const resolution_ms = 5;

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

process.on("message", (message) => {
  if (typeof message !== "object" || message === null || !("probe" in message)) return;
  const { user, system } = process.cpuUsage();
  const late = (ns: number) => Math.max(0, ns / 1e6 - resolution_ms);
  const probe: ProbeAnswer = {
    cpu_ms: (user + system) / 1000,
    rss_bytes: process.memoryUsage.rss(),
    loop_p99_ms: late(delay.percentile(99)),
    loop_max_ms: late(delay.max),
  };
  delay.reset();
  process.send?.({ probe });
});
