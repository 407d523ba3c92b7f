export type Span = readonly [from: number, to: number];

/** What is left of `[from, to)` between the spans, which may overlap and come in any order. */
export function silences(sounds: readonly Span[], from: number, to: number): Span[] {
  const left: Span[] = [];
  let quiet_since = from;
  for (const [start, end] of sounds.toSorted(([a], [b]) => a - b)) {
    const until = Math.min(start, to);
    if (until > quiet_since) left.push([quiet_since, until]);
    quiet_since = Math.max(quiet_since, end);
  }
  if (to > quiet_since) left.push([quiet_since, to]);
  return left;
}
