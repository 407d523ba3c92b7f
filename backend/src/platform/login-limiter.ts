import type { Limiter, LimitResult } from "./limiter.ts";
import { networkOf } from "./network.ts";

const ADDRESS = { points: 50, seconds: 15 * 60 };
const ACCOUNT = { points: 5, seconds: 60 * 60 };
const DELAYS_SECONDS = [2, 5, 15, 30, 60, 120, 300];

export interface LoginLimiter {
  /**
   * Counts an attempt before the password is looked at, so that parallel guesses count too.
   * `ok: false` means: refuse with 429 without looking.
   */
  attempt(address: string, account: string): Promise<LimitResult>;
  /** The password was right: the account starts afresh, the address keeps its count. */
  succeeded(account: string): Promise<void>;
}

/**
 * Slows down password guessing on two sides. An address has 50 attempts in a quarter of an hour.
 * An account has 5 in an hour; after them one attempt passes per delay, and the delay grows with
 * each, from 2 s to 5 min. No account is ever locked for good, or anybody could lock its owner out.
 */
export function createLoginLimiter(limiter: Limiter): LoginLimiter {
  const normal = (account: string) => account.trim().toLowerCase();
  return {
    async attempt(address, account) {
      const byAddress = await limiter.limit("login-address", networkOf(address), ADDRESS);
      if (!byAddress.ok) return byAddress;
      const byAccount = await limiter.limit("login-account", normal(account), ACCOUNT);
      if (byAccount.ok) return byAccount;
      const step = Math.min(byAccount.used - ACCOUNT.points, DELAYS_SECONDS.length);
      const delay = { points: 1, seconds: DELAYS_SECONDS[step - 1]! };
      const gate = await limiter.limit("login-delay", normal(account), delay);
      // A refused attempt tried no password, so it must not make the next delay longer.
      if (!gate.ok) await limiter.refund("login-account", normal(account), ACCOUNT);
      return gate;
    },
    async succeeded(account) {
      await limiter.reset("login-account", normal(account), ACCOUNT);
      await limiter.reset("login-delay", normal(account), { points: 1, seconds: 1 });
    },
  };
}
