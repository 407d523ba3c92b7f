import { Redis } from "ioredis";
import type { Logger } from "pino";

/**
 * A Redis connection that fails a command at once while the server is away, keeps trying to
 * come back, and logs each outage once. `name` appears in the log and in `CLIENT LIST`.
 * @param options.patience_ms how long a server that hangs may keep a command
 */
export function connectRedis(
  url: string,
  { log, name, patience_ms = 2_000 }: { log: Logger; name: string; patience_ms?: number },
): Redis {
  const redis = new Redis(url, {
    connectionName: `agentlocator-${name}`,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // Subscribers are restored by their owner, which must know when it has happened.
    autoResubscribe: false,
    connectTimeout: 5_000,
    commandTimeout: patience_ms,
    disconnectTimeout: 200,
    retryStrategy: (attempt) => Math.min(100 * 2 ** Math.min(attempt, 5), 2_000),
  });
  let wasDown = false;
  redis.on("error", (error: Error) => {
    if (!wasDown) log.error({ err: error, connection: name }, "[REDIS] connection lost");
    wasDown = true;
  });
  redis.on("ready", () => {
    if (wasDown) log.info({ connection: name }, "[REDIS] connection restored");
    wasDown = false;
  });
  return redis;
}
