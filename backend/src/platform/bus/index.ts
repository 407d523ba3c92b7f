import type { Logger } from "pino";
import type { Bus } from "./bus.ts";
import { createLocalBus } from "./local.ts";
import { createRedisBus } from "./redis.ts";

export type { Bus, BusHandler, JsonValue } from "./bus.ts";
export { connectRedis } from "./connect.ts";

/** Redis when there is an address for it, else the bus of a single process. */
export function createBus({
  redis_url,
  log,
}: {
  redis_url?: string | undefined;
  log: Logger;
}): Bus {
  return redis_url ? createRedisBus({ url: redis_url, log }) : createLocalBus({ log });
}
