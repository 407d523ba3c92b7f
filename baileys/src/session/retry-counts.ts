import type { CacheStore } from "@whiskeysockets/baileys";

const MOST = 2000;

/** How often a message was sent again, for the library: the newest few thousand. */
export function createRetryCounts(): CacheStore {
  const counts = new Map<string, unknown>();
  return {
    get: <T>(key: string) => counts.get(key) as T | undefined,
    set: (key, value) => {
      counts.delete(key);
      counts.set(key, value);
      for (const oldest of counts.keys()) {
        if (counts.size <= MOST) break;
        counts.delete(oldest);
      }
    },
    del: (key) => void counts.delete(key),
    flushAll: () => counts.clear(),
  };
}
