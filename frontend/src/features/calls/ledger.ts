import type { Ledger } from "../../api/types.ts";

/** The middle and the slowest answer of a call, in milliseconds; null before the first answer. */
export function answerFigures(ledger: Ledger): { median: number; slowest: number } | null {
  const sorted = [...ledger.answers_ms].toSorted((a, b) => a - b);
  const slowest = sorted.at(-1);
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  return slowest === undefined || median === undefined ? null : { median, slowest };
}
