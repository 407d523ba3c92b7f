import { setTimeout as pause } from "node:timers/promises";

/**
 * Asks again until the answer fits: for what another process stores in its own time and announces
 * to nobody here. The last answer is part of the failure.
 */
export async function eventually<T>(
  ask: () => Promise<T>,
  fits: (answer: T) => boolean,
  timeout_ms = 20_000,
): Promise<T> {
  const until = performance.now() + timeout_ms;
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return answer;
    if (performance.now() > until) {
      throw new Error(`not within ${timeout_ms} ms; the last answer: ${JSON.stringify(answer)}`);
    }
    await pause(50);
  }
}

/** Looks again until it holds: for what happens in this process and has no event of its own. */
export async function until(holds: () => boolean, timeout_ms = 15_000): Promise<void> {
  const end = performance.now() + timeout_ms;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${timeout_ms} ms: ${holds}`);
    await pause(5);
  }
}
