import type { Logger } from "pino";
import type { BusHandler, JsonValue } from "./bus.ts";

/** The subscriptions of one process, shared by every implementation of the bus. */
export class Handlers {
  readonly #byTopic = new Map<string, Set<BusHandler>>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(topic: string, handler: BusHandler): () => void {
    const own: BusHandler = (message) => handler(message);
    const set = this.#byTopic.get(topic) ?? new Set();
    this.#byTopic.set(topic, set.add(own));
    return () => {
      set.delete(own);
      if (set.size === 0 && this.#byTopic.get(topic) === set) this.#byTopic.delete(topic);
    };
  }

  deliver(topic: string, message: JsonValue): void {
    // A copy: a handler may unsubscribe itself or others while it runs.
    for (const handler of [...(this.#byTopic.get(topic) ?? [])]) {
      try {
        handler(message);
      } catch (error) {
        this.#log.error({ err: error, topic }, "[BUS] a subscriber threw");
      }
    }
  }

  clear(): void {
    this.#byTopic.clear();
  }
}
