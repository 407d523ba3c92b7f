/** `disabled`: not configured, which is fine. */
export type Health = "ok" | "disabled" | "down";

const TIMEOUT_MS = 3000;

/**
 * Asks an address whether it answers. Any answer but a refusal of our credentials or a server
 * error is `ok`; the reason of a failure is in the provider's own log lines.
 */
export async function probe(url: string, headers: Record<string, string> = {}): Promise<Health> {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.body?.cancel();
    return [401, 403].includes(response.status) || response.status >= 500 ? "down" : "ok";
  } catch {
    return "down";
  }
}

/** Keeps an answer for a while, so that being asked often costs others nothing. */
export function cached(ttl_ms: number, check: () => Promise<Health>): () => Promise<Health> {
  let at = -Infinity;
  let answer: Promise<Health> | undefined;
  return () => {
    if (!answer || performance.now() - at > ttl_ms) {
      at = performance.now();
      answer = check();
    }
    return answer;
  };
}
