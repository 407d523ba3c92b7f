/** Work did not finish in its time; it may still finish later. */
export class DeadlineError extends Error {
  override name = "DeadlineError";
}

/**
 * Waits for `work` for at most `ms`. The work itself goes on; its late failure is nobody's.
 * @throws DeadlineError
 */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(`not done within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
