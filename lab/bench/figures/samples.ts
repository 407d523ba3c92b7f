/** What a set of measured values looks like, in the unit they were given in. */
export interface Distribution {
  count: number;
  p50: number;
  p99: number;
  max: number;
}

/** Measured values of one kind. */
export class Samples {
  readonly values: number[] = [];

  add(value: number): void {
    this.values.push(value);
  }

  /** All zero when nothing was measured. */
  distribution(): Distribution {
    const sorted = Float64Array.from(this.values).toSorted();
    const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
    return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
  }
}

/** The middle value; 0 of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[half] ?? 0;
  return ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}
