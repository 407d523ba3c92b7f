const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Trying to send, while nobody takes it, ends after this long: then it is `failed`. */
const GIVE_UP_MS = 60 * MINUTE;
export const isStale = ({ queued_at }: { queued_at: string }, now: number): boolean =>
  now - Date.parse(queued_at) > GIVE_UP_MS;

/** An attempt of which nobody knows what became is asked about for so long: then it is `held`. */
export const IN_DOUBT_MS = 2 * MINUTE;

/** A message that the gateway took and WhatsApp does not acknowledge is `held` after this long. */
export const UNACKNOWLEDGED_MS = 10 * MINUTE;

/** Nobody asks any more what became of a message. */
export const FORGET_MS = 24 * 60 * MINUTE;

/** The first look at a message that was accepted; its receipts usually come within a second. */
export const FIRST_LOOK_MS = 15 * SECOND;

/** The pause before the next attempt: 2, 4, 8, 16, then 30 s. */
export const retryAfter = (attempts: number): number =>
  Math.min(30 * SECOND, 2 ** Math.min(attempts, 10) * SECOND);

/** The pause before asking again what became of something that is so old. */
export const askAgainAfter = (age_ms: number): number =>
  Math.min(10 * MINUTE, Math.max(2 * SECOND, age_ms / 2));
