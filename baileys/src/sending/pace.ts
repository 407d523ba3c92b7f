export interface Rate {
  /** Messages that may go at once. */
  readonly burst: number;
  /** Milliseconds until one more may go. */
  readonly every_ms: number;
}

/** A token bucket. Its clock is the caller's, in milliseconds. */
export function createBucket({ burst, every_ms }: Rate) {
  let tokens = burst;
  let at: number | undefined;
  const refill = (now: number) => {
    // A clock that was put back would take away more than anybody used.
    const passed = Math.max(0, now - (at ?? now));
    tokens = Math.min(burst, tokens + passed / every_ms);
    at = now;
  };
  return {
    /** Milliseconds until one may go; 0: now. */
    wait(now: number): number {
      refill(now);
      return tokens >= 1 ? 0 : Math.ceil((1 - tokens) * every_ms);
    },
    take(now: number): void {
      refill(now);
      tokens -= 1;
    },
    /** Nothing was taken for so long that a new bucket would be the same. */
    full(now: number): boolean {
      refill(now);
      return tokens >= burst;
    },
  };
}

type Bucket = ReturnType<typeof createBucket>;

const MANY = 1000;

/** How fast messages may go: by account, and by each contact of it. */
export function createPace(rates: { account: Rate; contact: Rate }) {
  const account = createBucket(rates.account);
  const contacts = new Map<string, Bucket>();

  function bucketOf(contact: string, now: number): Bucket {
    if (contacts.size > MANY) {
      for (const [key, bucket] of contacts) if (bucket.full(now)) contacts.delete(key);
    }
    const bucket = contacts.get(contact) ?? createBucket(rates.contact);
    contacts.set(contact, bucket);
    return bucket;
  }

  return {
    /** Milliseconds until a message to the contact may go. When it is 0 the message counts as sent. */
    take(contact: string, now: number): number {
      const bucket = bucketOf(contact, now);
      const wait = Math.max(account.wait(now), bucket.wait(now));
      if (wait === 0) {
        account.take(now);
        bucket.take(now);
      }
      return wait;
    },
  };
}
