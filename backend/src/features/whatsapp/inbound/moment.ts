/** Beyond this many, a Unix time is in milliseconds: in seconds it would be the year 5138. */
const SECONDS_END = 1e11;
const EARLIEST = Date.UTC(2009, 0);
/** Providers' clocks and ours may differ by this much. */
const AHEAD_MS = 24 * 3_600_000;

/**
 * A time as senders write it: Unix seconds or milliseconds, as a number or its digits, or ISO 8601.
 * Null for what can't be the time of a message.
 */
export function readMoment(given: unknown, now: number): Date | null {
  const ms = milliseconds(given);
  if (ms === null || !(ms >= EARLIEST) || ms > now + AHEAD_MS) return null;
  return new Date(ms);
}

function milliseconds(given: unknown): number | null {
  const digits = typeof given === "string" && /^\d{1,16}(\.\d+)?$/.test(given.trim());
  if (typeof given === "string" && !digits) return Date.parse(given);
  if (typeof given !== "number" && !digits) return null;
  const number = Number(given);
  return number < SECONDS_END ? number * 1000 : number;
}
