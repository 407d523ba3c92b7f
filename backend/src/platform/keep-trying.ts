import type { Logger } from "./log.ts";

const FIRST_MS = 250;
const LAST_MS = 2000;

/**
 * Does `work` again until it succeeds: for what must be written although the database is away.
 * `work` must be idempotent. @param what names it in the log
 */
export async function keepTrying<T>(log: Logger, what: string, work: () => Promise<T>): Promise<T> {
  for (let wait = FIRST_MS; ; wait = Math.min(wait * 2, LAST_MS)) {
    try {
      return await work();
    } catch (error) {
      log.warn({ err: error }, `[DB] ${what} failed, trying again`);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
