import { setTimeout as delay } from "node:timers/promises";

/** Settles when `url` answers 200, however long that takes. */
export async function untilHealthy(url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const within = AbortSignal.any([signal, AbortSignal.timeout(2_000)]);
    const response = await fetch(url, { signal: within }).catch(() => undefined);
    if (response?.ok) return;
    await delay(100, undefined, { signal }).catch(() => undefined);
  }
}
