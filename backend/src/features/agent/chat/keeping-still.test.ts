import { PAUSED_UNTIL_RESUMED } from "@agentlocator/contract";
import { DateTime } from "luxon";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { receptionist } from "../../../../../lab/sim/openai/index.ts";
import { createChatWorld, type ChatCustomer, type ChatWorld } from "../../../../test/chat.ts";

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

const inMinutes = (minutes: number) => new Date(world.clock.now() + minutes * 60_000);

describe("while a person has the thread", () => {
  test("the agent looks when the pause is over, and answers what nobody has answered", async () => {
    const until = inMinutes(30).toISOString();
    await customer.change({ ai_paused_until: until });
    await customer.writes("אתם שם?");
    await customer.personWrites("כן, רגע");
    await customer.writes("מה שעות הפתיחה?");
    await customer.look();
    expect(await customer.answers()).toEqual([]);
    expect((await customer.looksAgain())?.toISOString()).toBe(until);
    world.clock.advance(31 * 60_000);
    await customer.look();
    expect(await customer.answers()).toHaveLength(1);
    const asked = world.asked().at(-1)!.input;
    expect(asked.at(-1)?.content).toBe("מה שעות הפתיחה?");
  });

  test("what that person has answered is not answered again", async () => {
    await customer.change({ ai_paused_until: inMinutes(30).toISOString() });
    await customer.writes("אתם שם?");
    await customer.personWrites("כן");
    world.clock.advance(31 * 60_000);
    const before = world.asked().length;
    await customer.look();
    expect(world.asked()).toHaveLength(before);
  });

  test("a reply that could not be sent is none", async () => {
    await customer.writes("מה שעות הפתיחה?");
    const { id } = await customer.personWrites("תשע עד חמש");
    await world.db.inBusiness(business.id, ({ trx }) =>
      trx("messages").where({ id }).update({ status: "failed" }),
    );
    await customer.look();
    expect(await customer.answers()).toHaveLength(1);
  });

  test("until it is given back, whenever that is", async () => {
    await customer.change({ ai_paused_until: PAUSED_UNTIL_RESUMED });
    await customer.writes("מה שעות הפתיחה?");
    world.clock.advance(5 * 3_600_000);
    await customer.look();
    expect(await customer.answers()).toEqual([]);
    await customer.change({ ai_paused_until: null });
    expect(await customer.looksAgain()).not.toBeNull();
    await customer.look();
    expect(await customer.answers()).toHaveLength(1);
  });

  test("who asks for a person is told that one will come, and then it is still", async () => {
    await customer.writes("אפשר לדבר עם בן אדם?");
    const before = world.asked().length;
    await customer.look();
    expect(world.asked()).toHaveLength(before + 2);
    expect(await customer.answers()).toEqual(["העברתי לצוות, ויענו לך כאן."]);
    expect(await customer.tasks()).toHaveLength(1);
    await customer.writes("הלו?");
    await customer.look();
    expect(await customer.answers()).toHaveLength(1);
    expect((await customer.looksAgain())!.getTime()).toBeGreaterThan(world.clock.now());
  });
});

describe("what is left to people", () => {
  test("everything when the agent is off; turned on again, it answers what comes then", async () => {
    await business.settings({ ai_enabled_whatsapp: false });
    await customer.writes("מה שעות הפתיחה?");
    await customer.look();
    await business.settings({ ai_enabled_whatsapp: true });
    await customer.look();
    expect(await customer.answers()).toEqual([]);
    await customer.writes("שעות הפתיחה?");
    await customer.look();
    expect(await customer.answers()).toHaveLength(1);
  });

  test("a thread that a person closed", async () => {
    await customer.writes("תודה");
    await customer.change({ status: "closed" });
    await customer.look();
    expect(await customer.answers()).toEqual([]);
  });

  test("what is a day old, with a task", async () => {
    await customer.writes("שכחתם אותי");
    world.clock.advance(24 * 3_600_000);
    await customer.look();
    await customer.look();
    expect(await customer.answers()).toEqual([]);
    const [task, ...more] = await customer.tasks();
    expect(task!.body).toContain("שכחתם אותי");
    expect(more).toEqual([]);
  });

  test("nothing of a thread that is a call, or is not there", async () => {
    await world.db.inBusiness(business.id, ({ trx }) =>
      trx("threads").where("id", customer.thread_id).update({ type: "call" }),
    );
    await customer.writes("שלום");
    await customer.look();
    expect(await customer.answers()).toEqual([]);
    await world.db.inBusiness(business.id, ({ trx }) =>
      trx("threads").where("id", customer.thread_id).delete(),
    );
    await expect(customer.look()).resolves.toBeUndefined();
  });
});

test("in the quiet hours the agent waits until they are over, then answers all at once", async () => {
  const local = () => DateTime.fromMillis(world.clock.now(), { zone: "Asia/Jerusalem" });
  const clock = (at: DateTime) => at.toFormat("HH:mm");
  const end = local().plus({ hours: 2 }).startOf("minute");
  await business.settings({
    quiet_hours: { from: clock(local().minus({ hours: 1 })), to: clock(end) },
    timezone: "Asia/Jerusalem",
  });
  await customer.writes("יש מישהו?");
  await customer.writes("מה שעות הפתיחה?");
  await customer.look();
  expect(await customer.answers()).toEqual([]);
  expect((await customer.looksAgain())?.toISOString()).toBe(end.toUTC().toISO());
  world.clock.advance(2 * 3_600_000);
  await customer.look();
  expect(await customer.answers()).toHaveLength(1);
  await business.settings({ quiet_hours: null });
});

describe("to be left alone", () => {
  const CONFIRMED = "הוסרת, ולא נשלח לך עוד הודעות. כדי לחזור ולקבל תשובות אפשר לכתוב: התחל";

  test("is granted at once and confirmed once, without the model", async () => {
    const before = world.asked().length;
    await customer.writes("הסר");
    await customer.look();
    await customer.writes("הסר!");
    await customer.look();
    expect(await customer.answers()).toEqual([CONFIRMED]);
    expect((await customer.contact()).opted_out_at).not.toBeNull();
    expect(world.asked()).toHaveLength(before);
  });

  test("what they write then is a person's matter, told once; a word brings the agent back", async () => {
    await customer.writes("STOP");
    await customer.look();
    await customer.writes("ומה עם התור שלי?");
    await customer.look();
    await customer.writes("הלו?");
    await customer.look();
    expect(await customer.answers()).toHaveLength(1);
    const [task, ...more] = await customer.tasks();
    expect(task!.title).toContain("כתב אחרי שביקש הסרה");
    expect(task!.body).toContain("ומה עם התור שלי?");
    expect(more).toEqual([]);

    await customer.writes("התחל");
    await customer.look();
    expect((await customer.answers()).at(-1)).toBe("שמחים שחזרת. איך אפשר לעזור?");
    expect((await customer.contact()).opted_out_at).toBeNull();
    await customer.writes("מה שעות הפתיחה?");
    await customer.look();
    expect((await customer.answers()).at(-1)).toContain("אנחנו פתוחים");
  });

  test("is granted while a person has the thread, and at night", async () => {
    await customer.change({ ai_paused_until: PAUSED_UNTIL_RESUMED });
    await business.settings({ quiet_hours: { from: "00:00", to: "23:59" } });
    await customer.writes("הפסק");
    await customer.look();
    await business.settings({ quiet_hours: null });
    expect(await customer.answers()).toEqual([CONFIRMED]);
  });

  test("a word in a sentence is not that", async () => {
    await customer.writes("תפסיק להציע לי את יום שלישי");
    await customer.look();
    expect((await customer.contact()).opted_out_at).toBeNull();
    expect(await customer.answers()).not.toEqual([CONFIRMED]);
  });
});
