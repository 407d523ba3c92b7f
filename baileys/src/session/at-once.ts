/** Does it for each item, for at most so many at the same time. */
export async function atOnce<T>(
  most: number,
  items: Iterable<T>,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const next = items[Symbol.iterator]();
  const worker = async () => {
    for (let one = next.next(); !one.done; one = next.next()) await run(one.value);
  };
  await Promise.all(Array.from({ length: most }, worker));
}
