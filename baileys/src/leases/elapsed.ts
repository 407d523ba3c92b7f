import { uptime } from "node:os";

/**
 * Milliseconds that only ever grow, whatever happens to the clock on the wall. They also count what
 * this process slept through: stopped by a signal, or with its whole machine. The system's uptime
 * counts a suspended machine's time, which the monotonic clock does not; it comes in steps of 10 ms.
 */
export function createElapsed(): () => number {
  const [began, up] = [performance.now(), uptime()];
  let furthest = 0;
  return () => {
    furthest = Math.max(furthest, performance.now() - began, (uptime() - up) * 1000 - 20);
    return furthest;
  };
}
