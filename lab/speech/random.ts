/** A seeded generator (mulberry32): the same seed gives the same noise and the same delays. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Gaussian noise with mean 0 and deviation 1 from a uniform generator (Box–Muller). */
export function gaussian(random: () => number): number {
  const radius = Math.sqrt(-2 * Math.log(random() + Number.MIN_VALUE));
  return radius * Math.cos(2 * Math.PI * random());
}
