import type { InboxHead } from "../storage/index.ts";

/** Entries of one conversation, in order; only the first is ever under way. */
export interface Line {
  readonly heads: InboxHead[];
  /** It holds one entry that stepped out of its conversation and is tried slowly beside it. */
  readonly aside: boolean;
  /** Of the first entry. */
  failures: number;
  /** Failures of the first entry while others were taken: it may be the entry itself. */
  own_failures: number;
  /** What the backend had taken in all at the last failure, or when the first attempt began. */
  taken_before: number;
  /** Ends the wait for the next attempt, when there is one. */
  cancel: (() => void) | null;
}

export function newLine(head: InboxHead, aside: boolean): Line {
  return { heads: [head], aside, failures: 0, own_failures: 0, taken_before: 0, cancel: null };
}

const RETRY_MS = [1_000, 5_000, 15_000, 60_000, 300_000];
export const SLOWEST_MS = RETRY_MS.at(-1)!;

/** After so many failures in a row: 1, 5, 15, 60, 300 s, then every 5 minutes. */
export function retryIn(failures: number): number {
  return RETRY_MS[failures - 1] ?? SLOWEST_MS;
}
