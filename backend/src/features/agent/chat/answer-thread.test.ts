import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { receptionist } from "../../../../../lab/sim/openai/index.ts";
import { createChatWorld, type ChatCustomer, type ChatWorld } from "../../../../test/chat.ts";

const ASK_TIME = "אני צריך גם שעה מדויקת, באיזו שעה תרצה?";

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
  world.openai.requests.length = 0;
  world.typed.length = 0;
  customer = await world.customer(business);
});
afterEach(() => expect(world.openai.violations).toEqual([]));

/** What the customer and the agent have said, as the model was told. */
const said = (input: { role?: string; content?: unknown }[]) =>
  input.filter(({ role }) => role === "user" || role === "assistant").map(({ content }) => content);

describe("an answer", () => {
  test("is one to all that was written, in order, with the business's instructions and tools", async () => {
    for (const text of ["שלום", "מה שעות הפתיחה", "שלכם?"]) await customer.writes(text);
    await customer.look();
    expect(await customer.answers()).toHaveLength(1);
    const [asked] = world.asked();
    expect(said(asked!.input)).toEqual(["שלום", "מה שעות הפתיחה", "שלכם?"]);
    expect(asked!.instructions).toContain("מתכתב עם לקוח בוואטסאפ");
    expect(asked!.store).toBe(false);
    const tools = asked!.tools.map(({ name }) => name);
    expect(tools).toContain("find_free_slots");
    expect(tools).not.toContain("end_call");
    expect(world.typed).toEqual([customer.thread_id]);
  });

  test("is given once, however often the thread is looked at", async () => {
    await customer.writes("מה שעות הפתיחה?");
    await Promise.all([customer.look(), customer.look()]);
    await customer.look();
    expect(await customer.answers()).toEqual(["אנחנו פתוחים מתשע בבוקר עד חמש אחר הצהריים"]);
    expect(await customer.looksAgain()).toBeNull();
  });

  test("knows what was said before, who said it and which tools were called", async () => {
    await customer.writes("יש תור פנוי?");
    await customer.look();
    await customer.personWrites("היי, כאן דנה");
    await customer.writes("שעה אחרת בבקשה");
    await customer.look();
    const { input } = world.asked().at(-1)!;
    const [, question, ...rest] = input.slice(
      0,
      input.findIndex((item) => item.content === "שעה אחרת בבקשה") + 1,
    );
    expect(question).toEqual({ role: "user", content: "יש תור פנוי?" });
    expect(rest.map(({ type, name, role }) => name ?? role ?? type)).toEqual([
      "find_free_slots",
      "function_call_output",
      "propose_slot",
      "function_call_output",
      "assistant",
      "system",
      "user",
    ]);
    expect(JSON.stringify(rest)).toContain("היי, כאן דנה");
    const [first, second] = await customer.answers();
    expect(second).toContain("יש לנו תור פנוי");
    expect(second).not.toBe(first);
  });

  test("that is long comes in several messages, in order", async () => {
    const paragraphs = ["א", "ב", "ג"].map((letter) => letter.repeat(700));
    world.openai.brain = () => ({ say: paragraphs.join("\n\n") });
    await customer.writes("ספרו לי הכל");
    await customer.look();
    expect(await customer.answers()).toEqual(paragraphs);
  });

  test("of a model that has no words is left to a person, and the customer is told", async () => {
    world.openai.brain = () => ({ refuse: "I can't help with that." });
    await customer.writes("משהו מוזר");
    await customer.look();
    expect(await customer.answers()).toEqual(["העברתי את ההודעה לצוות, ויחזרו אליך בהקדם."]);
    expect(await customer.tasks()).toMatchObject([
      { title: `לענות ל${customer.peer_number} בוואטסאפ` },
    ]);
    expect((await customer.tasks())[0]!.body).toContain("משהו מוזר");
  });

  test("ends although the model would call tools for ever", async () => {
    world.openai.brain = ({ tool_choice }) =>
      tool_choice === "none"
        ? { say: "די" }
        : { calls: [{ name: "my_appointments", arguments: {} }] };
    await customer.writes("שלום");
    await customer.look();
    expect(await customer.answers()).toEqual(["די"]);
  });
});

describe("«כן, מאשר» in a chat", () => {
  test("books the proposed time by itself, whatever the model does", async () => {
    await customer.writes("יש תור פנוי?");
    await customer.look();
    world.openai.brain = () => ({ say: "שמח לשמוע" });
    await customer.writes("כן");
    await customer.writes("מאשר");
    await customer.look();
    expect(await customer.appointments()).toMatchObject([{ status: "booked", source: "whatsapp" }]);
    const note = world.asked().at(-1)!.input.at(-1)!;
    expect(note).toMatchObject({ role: "system" });
    expect(String(note.content)).toContain("התור נקבע");
  });

  test("and the receptionist says so", async () => {
    await customer.writes("יש תור פנוי?");
    await customer.look();
    await customer.writes("כן, מאשר");
    await customer.look();
    expect((await customer.answers()).at(-1)).toContain("קבעתי לך תור");
    expect(await customer.appointments()).toHaveLength(1);
    expect((await customer.thread()).pending_slot).toBeNull();
  });

  test("without a time is asked for it, in these words and without the model", async () => {
    await customer.writes("כן, מאשר");
    await customer.look();
    expect(await customer.answers()).toEqual([ASK_TIME]);
    expect(world.asked()).toEqual([]);
    const logged = world.logged.map(({ msg }) => msg);
    expect(logged).toContain("[NLP] confirmation without an exact time");
  });

  test("that only the model has heard is asked for the time in the same words", async () => {
    world.openai.brain = () => ({ calls: [{ name: "confirm_appointment", arguments: {} }] });
    await customer.writes("נראה לי שזה סבבה");
    await customer.look();
    expect(await customer.answers()).toEqual([ASK_TIME]);
  });

  test("of a proposal that has expired is asked again, and the slot is cleared", async () => {
    await customer.writes("יש תור פנוי?");
    await customer.look();
    world.clock.advance(13 * 3_600_000);
    await customer.writes("כן, מאשר");
    await customer.look();
    expect((await customer.answers()).at(-1)).toContain("ההצעה הקודמת כבר לא בתוקף");
    expect((await customer.thread()).pending_slot).toBeNull();
    expect(await customer.appointments()).toEqual([]);
  });

  test("is confirmed to the customer although the model is away", async () => {
    await customer.writes("יש תור פנוי?");
    await customer.look();
    world.openai.nextRequest("/responses", { kind: "http", status: 500 });
    await customer.writes("כן, מאשר");
    await customer.look();
    expect((await customer.answers()).at(-1)).toMatch(
      /^מצוין, התור נקבע: יום .* בשעה \d\d:\d\d\.$/,
    );
    expect(await customer.appointments()).toHaveLength(1);
  });
});
