import type { Logger } from "pino";
import type { Bus, JsonValue } from "./bus.ts";
import { connectRedis } from "./connect.ts";
import { Handlers } from "./handlers.ts";

// One channel with the topic inside: the subscription is made once per process, so `subscribe`
// takes effect at once and there is no moment in which a message slips by.
const CHANNEL = "agentlocator:bus";

interface Envelope {
  readonly topic: string;
  readonly message: JsonValue;
}

/** The bus of several processes. It starts `down` and comes up by itself, as often as needed. */
export function createRedisBus({ url, log }: { url: string; log: Logger }): Bus {
  const handlers = new Handlers(log);
  const resumeHandlers = new Handlers(log);
  const publisher = connectRedis(url, { log, name: "bus-publisher" });
  const subscriber = connectRedis(url, { log, name: "bus-subscriber" });
  let listening = false;
  let listenedBefore = false;
  let warned = false;
  let closing: Promise<void> | undefined;

  subscriber.on("message", (_channel: string, text: string) => {
    try {
      const { topic, message } = JSON.parse(text) as Envelope;
      handlers.deliver(topic, message);
    } catch (error) {
      log.error({ err: error }, "[BUS] unreadable message");
    }
  });
  subscriber.on("ready", () => {
    subscriber.subscribe(CHANNEL).then(
      () => {
        listening = true;
        if (listenedBefore) resumeHandlers.deliver("resume", null);
        listenedBefore = true;
      },
      // The connection broke again; its next `ready` tries again.
      (error: unknown) => log.warn({ err: error }, "[BUS] subscribing failed"),
    );
  });
  subscriber.on("close", () => {
    listening = false;
  });

  function reconnect(): void {
    listening = false;
    publisher.disconnect(true);
    subscriber.disconnect(true);
  }

  const state = () =>
    listening && publisher.status === "ready" && !closing ? ("ok" as const) : ("down" as const);

  return {
    async publish(topic, message) {
      if (closing) return;
      const envelope = JSON.stringify({ topic, message } satisfies Envelope);
      let heardBack = listening;
      try {
        await publisher.publish(CHANNEL, envelope);
        warned = false;
      } catch (error) {
        heardBack = false;
        if (!warned) log.error({ err: error, topic }, "[BUS] a message reaches this process only");
        warned = true;
        // A server that takes connections and answers nothing would otherwise pass for healthy.
        if (listening && publisher.status === "ready") reconnect();
      }
      // Messages to the own process come back through Redis; without it they take the short way.
      if (!heardBack) handlers.deliver(topic, (JSON.parse(envelope) as Envelope).message);
    },
    subscribe: (topic, handler) => handlers.add(topic, handler),
    onResume: (handler) => resumeHandlers.add("resume", handler),
    state,
    close() {
      closing ??= (async () => {
        handlers.clear();
        resumeHandlers.clear();
        publisher.disconnect();
        subscriber.disconnect();
      })();
      return closing;
    },
  };
}
