import { randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";
import { problem } from "../../http/problem.ts";

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes the same time for an account that does not exist (null), and is false for it. */
  verify(stored: string | null, password: string): Promise<boolean>;
}

/** argon2id; memory in KiB as OWASP recommends. Changing it leaves older hashes valid. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * Hashes passwords, few at a time: calls are carried by the same process, and a burst of logins
 * must not take its processors. What can't wait its turn is refused with 503.
 */
export function createPasswords({ concurrency = 2, max_waiting = 50 } = {}): Passwords {
  const dummy = hash(randomBytes(16), COST);
  const waiting: (() => void)[] = [];
  let free = concurrency;

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (free > 0) {
      free--;
    } else {
      if (waiting.length >= max_waiting) {
        throw problem(503, "busy", "Too many sign-ins at this moment; try again.", {
          headers: { "Retry-After": "5" },
        });
      }
      await new Promise<void>((turn) => waiting.push(turn));
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  }

  return {
    hash: (password) => inTurn(() => hash(password, COST)),
    verify: (stored, password) =>
      inTurn(async () => {
        const matches = await verify(stored ?? (await dummy), password);
        return matches && stored !== null;
      }),
  };
}
