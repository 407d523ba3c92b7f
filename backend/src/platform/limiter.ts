import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { RateLimiterAbstract } from "rate-limiter-flexible";

/**
 * `points` requests in each window of `seconds`. A window begins with its first request and keeps
 * the length it began with.
 */
export interface RateLimit {
  points: number;
  seconds: number;
}

export interface LimitResult {
  ok: boolean;
  /** Requests counted in this window, with this one. */
  used: number;
  /** Requests left in this window. */
  remaining: number;
  /** Until the window ends, rounded up; 0 when `ok`. */
  retry_after_seconds: number;
}

export interface Limiter {
  /** Counts one request of `key` (a user, an address) against the limit called `name`. */
  limit(name: string, key: string, limit: RateLimit): Promise<LimitResult>;
  /** Takes one counted request back. */
  refund(name: string, key: string, limit: RateLimit): Promise<void>;
  /** Forgets what `key` has used. */
  reset(name: string, key: string, limit: RateLimit): Promise<void>;
}

/**
 * Counts in Redis, so that replicas share the count; while Redis is away, and without one, in
 * this process. Nobody is locked out and nothing is let through unlimited because of an outage.
 */
export function createLimiter({ redis }: { redis?: Redis | undefined } = {}): Limiter {
  const limiters = new Map<string, RateLimiterAbstract>();

  function limiterOf(name: string, { points, seconds }: RateLimit): RateLimiterAbstract {
    const id = `${name}:${points}`;
    let limiter = limiters.get(id);
    if (!limiter) {
      const options = { keyPrefix: `agentlocator:limit:${id}`, points, duration: seconds };
      const memory = new RateLimiterMemory(options);
      limiter = redis
        ? new RateLimiterRedis({
            ...options,
            storeClient: redis,
            rejectIfRedisNotReady: true,
            insuranceLimiter: memory,
          })
        : memory;
      limiters.set(id, limiter);
    }
    return limiter;
  }

  return {
    async limit(name, key, limit) {
      const limiter = limiterOf(name, limit);
      try {
        return result(
          true,
          await limiter.consume(digest(key), 1, { customDuration: limit.seconds }),
        );
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return result(false, refused);
        throw refused;
      }
    },
    async refund(name, key, limit) {
      await limiterOf(name, limit).reward(digest(key), 1, { customDuration: limit.seconds });
    },
    async reset(name, key, limit) {
      await limiterOf(name, limit).delete(digest(key));
    },
  };
}

function result(ok: boolean, { consumedPoints, remainingPoints, msBeforeNext }: RateLimiterRes) {
  const retry_after_seconds = ok ? 0 : Math.max(1, Math.ceil(msBeforeNext / 1000));
  return { ok, used: consumedPoints, remaining: remainingPoints, retry_after_seconds };
}

/** Keys are often mail or IP addresses, of any length: neither belongs into Redis as it is. */
function digest(key: string): string {
  return createHash("sha256").update(key).digest("base64url").slice(0, 22);
}
