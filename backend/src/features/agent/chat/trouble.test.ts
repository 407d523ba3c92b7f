import type { Notification } from "@agentlocator/contract";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { RestFault } from "../../../../../lab/sim/openai/index.ts";
import { receptionist } from "../../../../../lab/sim/openai/index.ts";
import { createChatWorld, type ChatCustomer, type ChatWorld } from "../../../../test/chat.ts";
import { problem } from "../../../http/problem.ts";
import { nextTry } from "./trouble.ts";

const HOURS = "אנחנו פתוחים מתשע בבוקר עד חמש אחר הצהריים";
const MINUTE = 60_000;

let world: ChatWorld;
let business: Awaited<ReturnType<ChatWorld["open"]>>;
let customer: ChatCustomer;

beforeAll(async () => {
  world = await createChatWorld();
  business = await world.open();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.openai.brain = receptionist;
  customer = await world.customer(business);
});
afterEach(() => world.openai.everyRequest("/responses", null));

const bells = () =>
  world.db.inBusiness(business.id, ({ trx }) => trx<Notification>("notifications").select());
/** Until the agent looks again, by itself. */
async function wait() {
  const again = await customer.looksAgain();
  world.clock.advance(again!.getTime() - world.clock.now());
}

describe("the model is down", () => {
  test.each<[string, RestFault]>([
    ["it fails", { kind: "http", status: 500 }],
    ["the line is cut", { kind: "reset" }],
    ["too much is asked", { kind: "http", status: 429 }],
    ["the key is wrong", { kind: "http", status: 401 }],
  ])("%s: the customer is answered when it is back", async (_, fault) => {
    await customer.writes("מה שעות הפתיחה?");
    world.openai.everyRequest("/responses", fault);
    await customer.look();
    expect(await customer.answers()).toEqual([]);
    const pause = (await customer.looksAgain())!.getTime() - world.clock.now();
    expect(pause).toBeGreaterThan(0);
    expect(pause).toBeLessThanOrEqual(2000);
    world.openai.everyRequest("/responses", null);
    await customer.look();
    expect(await customer.answers()).toEqual([HOURS]);
    expect((await customer.thread()).answer_failing_since).toBeNull();
  });

  test("without a key too", async () => {
    await customer.writes("מה שעות הפתיחה?");
    await customer.look({ OPENAI_API_KEY: undefined });
    expect(await customer.looksAgain()).not.toBeNull();
    await customer.look();
    expect(await customer.answers()).toEqual([HOURS]);
  });

  test("it is asked again when it said that it would be back", async () => {
    await customer.writes("מה שעות הפתיחה?");
    world.openai.nextRequest("/responses", { kind: "http", status: 429, retry_after: 120 });
    await customer.look();
    const pause = (await customer.looksAgain())!.getTime() - world.clock.now();
    expect(pause).toBeGreaterThan(115_000);
    expect(pause).toBeLessThanOrEqual(120_000);
  });

  test("the business is told once when it takes too long; the late answer begins with an apology", async () => {
    await customer.writes("מה שעות הפתיחה?");
    world.openai.everyRequest("/responses", { kind: "http", status: 503 });
    await customer.look();
    const began = world.clock.now();
    world.clock.advance(9 * MINUTE);
    await customer.look();
    expect(await customer.tasks()).toEqual([]);
    expect(await bells()).toEqual([]);
    await wait();
    const waited = world.clock.now() - began;
    expect(waited).toBeGreaterThan(9.9 * MINUTE);
    expect(waited).toBeLessThan(11 * MINUTE);
    for (let i = 0; i < 3; i += 1) {
      await customer.look();
      await wait();
    }
    const [task, ...more] = await customer.tasks();
    expect(more).toEqual([]);
    expect(task!.title).toBe(`לענות ל${customer.peer_number} בוואטסאפ`);
    expect(task!.body).toContain("מה שעות הפתיחה?");
    expect(await bells()).toMatchObject([
      {
        kind: "chat_unanswered",
        link: `/app/inbox/${customer.thread_id}`,
        resolved_at: null,
      },
    ]);
    world.openai.everyRequest("/responses", null);
    await customer.look();
    expect(await customer.answers()).toEqual([`סליחה על העיכוב בתשובה.\n\n${HOURS}`]);
    expect((await bells())[0]!.resolved_at).not.toBeNull();
    await customer.writes("תודה. ומה שעות הפתיחה?");
    await customer.look();
    expect((await customer.answers()).at(-1)).toBe(HOURS);
  });

  test("a person who answers meanwhile ends it: nothing later is late", async () => {
    await customer.writes("אתם שם?");
    world.openai.nextRequest("/responses", { kind: "http", status: 500 });
    await customer.look();
    await customer.personWrites("כן, שלום");
    world.clock.advance(60 * MINUTE);
    await customer.writes("מה שעות הפתיחה?");
    await customer.look();
    expect(await customer.answers()).toEqual([HOURS]);
  });

  test("so does the customer who takes it back", async () => {
    const { id } = await customer.writes("טעות");
    world.openai.nextRequest("/responses", { kind: "http", status: 500 });
    await customer.look();
    await world.db.inBusiness(business.id, ({ trx }) =>
      trx("messages").where({ id }).update({ deleted_at: new Date() }),
    );
    await customer.look();
    expect((await customer.thread()).answer_failing_since).toBeNull();
  });

  test("no secret and none of the customer's words are in the log", async () => {
    await customer.writes("סודי ביותר");
    world.openai.everyRequest("/responses", { kind: "http", status: 401 });
    await customer.look({ OPENAI_API_KEY: "sk-wrong-wrong" });
    const lines = JSON.stringify(world.logged.slice(-20));
    expect(lines).toContain("[WA-ERROR] the agent could not answer");
    expect(lines).not.toContain("sk-wrong");
    expect(lines).not.toContain("סודי");
  });
});

test("it tries less and less often, and in time for the business to be told", () => {
  const tries: number[] = [];
  for (let at = 0; at < 60 * MINUTE; at += nextTry(at, null)) tries.push(at);
  expect(tries.slice(0, 4)).toEqual([0, 2000, 4000, 6000]);
  expect(tries).toContain(10 * MINUTE);
  expect(tries.length).toBeLessThan(40);
  expect(nextTry(30 * MINUTE, 3_600_000)).toBe(5 * MINUTE);
});

test("an answer that WhatsApp's outbox will never take is a person's matter", async () => {
  await customer.writes("מה שעות הפתיחה?");
  const queue = world.ports.queueMessage;
  world.ports.queueMessage = () => Promise.reject(problem(409, "key_reused", "It was used."));
  await customer.look();
  world.ports.queueMessage = queue;
  expect((await customer.tasks())[0]!.body).toContain("It was used.");
  await customer.look();
  expect(await customer.answers()).toEqual([]);
});

test("a job that is told to end leaves everything for the next one", async () => {
  await customer.writes("מה שעות הפתיחה?");
  const end = new AbortController();
  world.openai.brain = (state) => {
    end.abort();
    return receptionist(state);
  };
  await expect(customer.look({}, end.signal)).rejects.toThrow();
  expect(await customer.answers()).toEqual([]);
  expect((await customer.thread()).answer_failing_since).toBeNull();
  world.openai.brain = receptionist;
  await customer.look();
  expect(await customer.answers()).toEqual([HOURS]);
});
