/**
 * One write at a time: calls that come while one is under way share the next, which begins after
 * them and so has all that they wanted to keep.
 */
export function coalesced(write: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function run(): Promise<void> {
    try {
      await write();
    } finally {
      running = undefined;
    }
  }

  return function save(): Promise<void> {
    if (!running) return (running = run());
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined;
        return save();
      });
    return next;
  };
}

/** Rejects when it takes longer: a disk that hangs must not hang a session for ever. */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
