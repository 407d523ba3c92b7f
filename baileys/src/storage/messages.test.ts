import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { listening, scratch, silent } from "../../test/scratch.ts";
import { createMap, openMap } from "./durable-map.ts";
import { createMessages } from "./messages.ts";
import { plainSealer } from "./sealer.ts";

const DAY = 86_400_000;
const out = (id: string) => ({ fromMe: true as const, id });

async function open(path: string, now: () => number, make = createMap, max_bytes = 1_000_000) {
  const { log, lines } = listening();
  const map = await make({ path, sealer: plainSealer, log: silent, now });
  onTestFinished(() => map.close().catch(() => {}));
  return { messages: createMessages({ log, now, max_bytes }).on(map), map, lines };
}

test("messages are kept for 14 days and some, also over restarts, then forgotten", async () => {
  const path = join(scratch(), "messages");
  let today = 1_000 * DAY;
  const { messages, map } = await open(path, () => today);
  await messages.put(out("old"), Buffer.from("old"));
  today += 2 * DAY;
  await messages.put(out("A"), Buffer.from([0, 1, 255]));
  today += 12.5 * DAY;
  await messages.put(out("B"), Buffer.from("b"));
  expect((await messages.get(out("old")))?.toString()).toBe("old");
  today += 1 * DAY;
  await messages.put(out("C"), Buffer.from("c"));
  expect(await messages.get(out("old"))).toBeUndefined();
  await map.close();

  const later = await open(path, () => today, openMap);
  expect(later.messages.has(out("old"))).toBe(false);
  expect(await later.messages.get(out("A"))).toEqual(Buffer.from([0, 1, 255]));
  expect(await later.messages.get(out("unknown"))).toBeUndefined();
});

test("a stranger's message never takes the place of ours, whatever id he gives it", async () => {
  const { messages } = await open(join(scratch(), "messages"), Date.now);
  await messages.put(out("ID"), Buffer.from("ours"));
  await messages.put({ fromMe: false, chat: "a@lid", id: "ID" }, Buffer.from("his"));
  await messages.put({ fromMe: false, chat: "b@lid", id: "ID" }, Buffer.from("hers"));
  expect((await messages.get(out("ID")))?.toString()).toBe("ours");
  expect((await messages.get({ fromMe: false, chat: "a@lid", id: "ID" }))?.toString()).toBe("his");
});

test("when there are too many the oldest go, and it is said once", async () => {
  const path = join(scratch(), "messages");
  const { messages, map, lines } = await open(path, Date.now, createMap, 50_000);
  for (let i = 0; i < 20; i++) await messages.put(out(`m${i}`), Buffer.alloc(10_000));
  expect(map.bytes()).toBeLessThanOrEqual(50_000);
  expect(messages.has(out("m15"))).toBe(false);
  expect(messages.has(out("m16"))).toBe(true);
  expect(lines).toHaveLength(1);
});
