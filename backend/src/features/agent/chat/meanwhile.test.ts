import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { BrainReply } from "../../../../../lab/sim/openai/index.ts";
import { createChatWorld, type ChatCustomer, type ChatWorld } from "../../../../test/chat.ts";
import { pauseAgent } from "../../conversations/index.ts";

let world: ChatWorld;
let business: Awaited<ReturnType<ChatWorld["open"]>>;
let customer: ChatCustomer;

beforeAll(async () => {
  world = await createChatWorld();
  business = await world.open();
});
afterAll(() => world.close());
beforeEach(async () => {
  customer = await world.customer(business);
});
afterEach(() => expect(world.openai.violations).toEqual([]));

/** The model does these things one after the other, then says what it was last told. */
function model(...steps: (() => Promise<BrainReply | void>)[]) {
  world.openai.brain = async ({ items }) => {
    const reply = await steps.shift()?.();
    const told = items.filter((item) => item.type === "message" && item.role === "user");
    return reply ?? { say: `שמעתי: ${told.map((item) => "text" in item && item.text).join(", ")}` };
  };
}
const call = (name: string, args: Record<string, unknown>) => async () => ({
  calls: [{ name, arguments: args }],
});
const leave = call("leave_message", { subject: "לחזור", message: "לחזור אליי" });
let hour = 8;
/** A time of its own in each test. */
const propose = () => {
  const date = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10);
  return call("propose_slot", { date, time: `${++hour}:00`.padStart(5, "0") })();
};
const takeOver = () => world.db.inBusiness(business.id, (tx) => pauseAgent(tx, customer.thread_id));

describe("while the model thinks", () => {
  test("the customer writes more: the answer is to all of it, and there is one", async () => {
    await customer.writes("שלום");
    model(async () => void (await customer.writes("ועוד דבר")));
    await customer.look();
    expect(await customer.answers()).toEqual(["שמעתי: שלום, ועוד דבר"]);
  });

  test("and on and on: they get an answer, and what is left is looked at again", async () => {
    await customer.writes("1");
    let n = 1;
    const more = async () => void (await customer.writes(String(++n)));
    model(more, more, more);
    await customer.look();
    expect(await customer.answers()).toEqual(["שמעתי: 1, 2, 3"]);
    expect(await customer.looksAgain()).not.toBeNull();
    await customer.look();
    expect((await customer.answers()).at(-1)).toBe("שמעתי: 1, 2, 3, 4");
    await customer.look();
    expect(await customer.answers()).toHaveLength(2);
  });

  test("more than is answered at a time is answered in turns", async () => {
    model();
    const { id: _, ...first_message } = await customer.writes("0");
    const reactions = "[]";
    const flood = Array.from({ length: 59 }, (_, i) => ({
      ...{ ...first_message, reactions, business_id: business.id, text: String(i + 1) },
    }));
    await world.db.inBusiness(business.id, ({ trx }) => trx("messages").insert(flood));
    await customer.look();
    expect(await customer.looksAgain()).not.toBeNull();
    await customer.look();
    const [first, second] = await customer.answers();
    expect(first).toContain("48, 49");
    expect(second).toContain("58, 59");
    await customer.look();
    expect(await customer.answers()).toHaveLength(2);
  });

  test("what a tool has done is not done again for the new message", async () => {
    await customer.writes("שיחזרו אליי");
    model(leave, async () => void (await customer.writes("תודה")));
    await customer.look();
    expect(await customer.tasks()).toHaveLength(1);
    expect(await customer.answers()).toEqual(["שמעתי: שיחזרו אליי, תודה"]);
    const { input } = world.asked().at(-1)!;
    expect(input.some(({ name }) => name === "leave_message")).toBe(true);
  });

  test("a time that was proposed meanwhile is not confirmed by what they could not mean", async () => {
    await customer.writes("אפשר תור?");
    model(propose, async () => void (await customer.writes("כן, מאשר")));
    await customer.look();
    expect(await customer.appointments()).toEqual([]);
    expect(await customer.answers()).toHaveLength(1);
    model();
    await customer.writes("כן, מאשר");
    await customer.look();
    expect(await customer.appointments()).toHaveLength(1);
  });

  test("who was handed to a person and writes more is told so, then the agent is still", async () => {
    await customer.writes("אדם בבקשה");
    const hand = call("transfer_to_person", { reason: "מבקש אדם" });
    model(hand, async () => void (await customer.writes("עכשיו")));
    await customer.look();
    expect(await customer.answers()).toEqual(["שמעתי: אדם בבקשה, עכשיו"]);
    await customer.writes("הלו?");
    await customer.look();
    expect(await customer.answers()).toHaveLength(1);
  });

  test("the customer changes what they wrote, or takes it back", async () => {
    const first = await customer.writes("שלום");
    const edit = (change: object) => async () =>
      void (await world.db.inBusiness(business.id, ({ trx }) =>
        trx("messages").where("id", first.id).update(change),
      ));
    const now = new Date().toISOString();
    model(edit({ text: "להתראות", edited_at: now }));
    await customer.look();
    expect(await customer.answers()).toEqual(["שמעתי: להתראות"]);
    const second = await customer.writes("טעות");
    model(
      async () =>
        void (await world.db.inBusiness(business.id, ({ trx }) =>
          trx("messages").where("id", second.id).update({ deleted_at: now }),
        )),
    );
    await customer.look();
    expect(await customer.answers()).toHaveLength(1);
  });

  test("a person answers: the agent says nothing, and what it proposed can't be booked", async () => {
    await customer.writes("אפשר תור?");
    model(propose, async () => {
      await customer.personWrites("אני אטפל בזה");
      await takeOver();
    });
    await customer.look();
    expect(await customer.answers()).toEqual([]);
    expect((await customer.thread()).pending_slot).toBeNull();
    await customer.change({ ai_paused_until: null });
    await customer.look();
    expect(await customer.answers()).toEqual([]);
  });

  test("a person takes over before the model proposes: nothing is left to be booked", async () => {
    await customer.writes("אפשר תור?");
    world.openai.brain = async ({ items }) => {
      if (items.at(-1)?.type === "function_call_output") return { say: "מתאים?" };
      await takeOver();
      return propose();
    };
    await customer.look();
    expect(await customer.answers()).toEqual([]);
    expect((await customer.thread()).pending_slot).toBeNull();
  });
});

describe("an answer that was cut off", () => {
  /** The process ends before the answer is written down. */
  async function killed() {
    const queue = world.ports.queueMessage;
    world.ports.queueMessage = () => Promise.reject(new Error("killed"));
    await customer.look();
    world.ports.queueMessage = queue;
  }

  test("is given by the next look, once, and its tools are not called again", async () => {
    await customer.writes("שיחזרו אליי");
    model(leave);
    await killed();
    expect(await customer.answers()).toEqual([]);
    expect(await customer.tasks()).toHaveLength(1);
    await customer.look();
    await customer.look();
    expect(await customer.answers()).toEqual(["שמעתי: שיחזרו אליי"]);
    expect(await customer.tasks()).toHaveLength(1);
  });

  test("books once", async () => {
    await customer.writes("אפשר תור?");
    model(propose);
    await customer.look();
    await customer.writes("כן, מאשר");
    await killed();
    await customer.look();
    expect(await customer.appointments()).toHaveLength(1);
    const note = world.asked().at(-1)!.input.at(-1)!;
    expect(String(note.content)).toContain("התור נקבע");
  });

  test("asks for the time again in the same words", async () => {
    await customer.writes("כן, מאשר");
    await killed();
    await customer.look();
    expect(await customer.answers()).toEqual(["אני צריך גם שעה מדויקת, באיזו שעה תרצה?"]);
  });
});
