import type { Condition, SessionEvent } from "./machine.ts";
import type { Timing } from "./timing.ts";

/** The timers of a session: one for the next reconnect, one for a connection that proves itself. */
export function createClocks(timing: Timing, dispatch: (event: SessionEvent) => void) {
  let retry: NodeJS.Timeout | undefined;
  let standing: NodeJS.Timeout | undefined;
  let next_retry_at: number | null = null;

  function stop(): void {
    clearTimeout(retry);
    clearTimeout(standing);
  }

  return {
    stop,
    /** ms since the epoch; null: no reconnect will be made. */
    nextRetryAt: (): number | null => next_retry_at,
    /** Sets them for the condition that has just begun. */
    follow({ retry_ms, state, on_trial, attempt, strikes, outdated }: Condition): void {
      stop();
      const wait = retry_ms === null ? null : retry_ms * timing.backoff;
      next_retry_at = wait === null ? null : Date.now() + wait;
      if (wait !== null) retry = setTimeout(() => dispatch({ type: "retry_due" }), wait);
      const proven = !on_trial && attempt + strikes + outdated === 0;
      if (state === "open" && !proven) {
        standing = setTimeout(() => dispatch({ type: "stable" }), timing.stable);
      }
    },
  };
}
