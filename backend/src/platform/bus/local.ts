import type { Logger } from "pino";
import type { Bus, JsonValue } from "./bus.ts";
import { Handlers } from "./handlers.ts";

/** The bus of a single process, for an installation without Redis. */
export function createLocalBus({ log }: { log: Logger }): Bus {
  const handlers = new Handlers(log);
  let closed = false;
  return {
    async publish(topic, message) {
      // Through JSON, so that a subscriber sees here exactly what it would see through Redis.
      const copy = JSON.parse(JSON.stringify(message)) as JsonValue;
      queueMicrotask(() => {
        if (!closed) handlers.deliver(topic, copy);
      });
    },
    subscribe: (topic, handler) => handlers.add(topic, handler),
    onResume: () => () => {},
    state: () => (closed ? "down" : "ok"),
    async close() {
      closed = true;
      handlers.clear();
    },
  };
}
