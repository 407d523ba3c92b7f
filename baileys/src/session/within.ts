/** Something outside did not answer in its time. */
export class TooLate extends Error {
  override name = "TooLate";
}

/**
 * The promise's result, or TooLate after `ms`. The library's promises may hang for a minute; what
 * becomes of a late one is nobody's business any more.
 */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new TooLate(`There was no answer within ${ms} ms.`)), ms);
  promise.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
