import { setImmediate } from "node:timers/promises";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startRedis } from "../../../test/redis.ts";
import type { TestRedis } from "../../../test/redis.ts";
import type { Bus, JsonValue } from "./bus.ts";
import { connectRedis } from "./connect.ts";
import { createLocalBus } from "./local.ts";
import { createRedisBus } from "./redis.ts";

let server: TestRedis;
const buses: Bus[] = [];
const logged: string[] = [];
const log = pino({ level: "info" }, { write: (line: string) => void logged.push(line) });

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.close()));
  logged.length = 0;
});

/** Two ends as two processes would hold them; the local bus has only one process, so one end. */
const implementations = {
  local: async () => {
    const bus = createLocalBus({ log });
    buses.push(bus);
    return [bus, bus] as const;
  },
  redis: async () => {
    const ends = [0, 1].map(() => createRedisBus({ url: server.url, log }));
    buses.push(...ends);
    await Promise.all(ends.map(whenOk));
    return [ends[0]!, ends[1]!] as const;
  },
};

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
const whenOk = (bus: Bus) => until(() => bus.state() === "ok");

/** Collects what arrives, and waits for the n-th. */
function inbox(bus: Bus, topic: string) {
  const messages: JsonValue[] = [];
  const unsubscribe = bus.subscribe(topic, (message) => void messages.push(message));
  return { messages, unsubscribe, has: (count: number) => until(() => messages.length >= count) };
}

describe.each(Object.entries(implementations))("bus: %s", (_name, open) => {
  it("delivers a message to every subscriber of its topic, at both ends, in order", async () => {
    const [here, there] = await open();
    const inboxes = [inbox(here, "a"), inbox(here, "a"), inbox(there, "a")];
    for (let n = 0; n < 20; n++) await here.publish("a", { n });
    await Promise.all(inboxes.map((box) => box.has(20)));
    const expected = Array.from({ length: 20 }, (_, n) => ({ n }));
    for (const box of inboxes) expect(box.messages).toEqual(expected);
  });

  it("keeps topics apart, even when one begins with the other", async () => {
    const [here, there] = await open();
    const other = inbox(there, "business:11");
    const own = inbox(there, "business:1");
    await here.publish("business:1", "one");
    await here.publish("business:1", "two");
    await own.has(2);
    expect(other.messages).toEqual([]);
  });

  it("carries every JSON value, as a copy", async () => {
    const [here, there] = await open();
    const box = inbox(there, "a");
    const sent = { text: "שלום 👋", list: [1, null, true], nested: { n: 1.5 } };
    await here.publish("a", sent);
    sent.nested.n = 2;
    await box.has(1);
    expect(box.messages).toEqual([{ text: "שלום 👋", list: [1, null, true], nested: { n: 1.5 } }]);
  });

  it("stops at unsubscribe, for that subscriber alone", async () => {
    const [here, there] = await open();
    const same = (message: JsonValue) => void seen.push(message);
    const seen: JsonValue[] = [];
    const first = there.subscribe("a", same);
    there.subscribe("a", same);
    await here.publish("a", 1);
    await until(() => seen.length === 2);
    first();
    first();
    await here.publish("a", 2);
    await until(() => seen.length >= 3);
    await setImmediate();
    expect(seen).toEqual([1, 1, 2]);
  });

  it("logs a subscriber that throws and serves the others", async () => {
    const [here, there] = await open();
    there.subscribe("a", () => {
      throw new Error("broken subscriber");
    });
    const box = inbox(there, "a");
    await here.publish("a", 1);
    await box.has(1);
    expect(logged.join()).toContain("broken subscriber");
  });

  it("is quiet after close", async () => {
    const [here, there] = await open();
    const box = inbox(there, "a");
    await Promise.all([here.close(), there.close()]);
    await here.publish("a", 1);
    await setImmediate();
    expect(box.messages).toEqual([]);
    expect(here.state()).toBe("down");
  });
});

describe("bus: redis, interrupted", () => {
  it("goes down with the server, never throws, and comes back with its subscriptions", async () => {
    const [here, there] = await implementations.redis();
    const [near, far] = [inbox(here, "a"), inbox(there, "a")];
    let resumed = 0;
    there.onResume(() => void resumed++);
    await server.stop();
    await until(() => here.state() === "down" && there.state() === "down");

    await here.publish("a", "while away");
    await here.publish("a", "still away");
    await near.has(2);
    expect(logged.filter((line) => line.includes("reaches this process only"))).toHaveLength(1);

    server = await startRedis(server.port);
    await Promise.all([whenOk(here), whenOk(there)]);
    await until(() => resumed === 1);
    await here.publish("a", "back again");
    await Promise.all([far.has(1), near.has(3)]);
    expect(far.messages).toEqual(["back again"]);
    expect(near.messages).toEqual(["while away", "still away", "back again"]);
  });

  it("starts without a server and comes up with it", async () => {
    await server.stop();
    const bus = createRedisBus({ url: server.url, log });
    buses.push(bus);
    const box = inbox(bus, "a");
    expect(bus.state()).toBe("down");
    await bus.publish("a", 1);
    server = await startRedis(server.port);
    await whenOk(bus);
    await bus.publish("a", 2);
    await box.has(2);
    expect(box.messages).toEqual([1, 2]);
  });

  it("tells a server that hangs from one that works", async () => {
    const [here] = await implementations.redis();
    const box = inbox(here, "a");
    const admin = connectRedis(server.url, { log, name: "admin" });
    await new Promise((ready) => admin.once("ready", ready));
    await admin.client("PAUSE", 3000, "ALL");
    admin.disconnect();
    await here.publish("a", 1);
    expect(here.state()).toBe("down");
    await box.has(1);
    await whenOk(here);
  });
});
