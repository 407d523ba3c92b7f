import { DEFAULT_SETTINGS } from "@agentlocator/contract";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { converse, nlpLines, START } from "../../../test/conversation.ts";
import { createPeople, type TestPeople } from "../../../test/people.ts";

const ASK_TIME = "אני צריך גם שעה מדויקת, באיזו שעה תרצה?";
const ASK_AGAIN = "ההצעה הקודמת כבר לא בתוקף. לאיזה תאריך ובאיזו שעה תרצה לקבוע?";
const TUESDAY_TEN = { date: "2026-11-24", time: "10:00" };
const WHEN = "יום שלישי, 24 בנובמבר, בשעה 10:00";

let world: TestPeople;
let ours: number;
let theirs: number;

beforeAll(async () => {
  world = await createPeople();
  ours = (await world.business()).id;
  theirs = (await world.business()).id;
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.db.inSystem(async ({ trx }) => {
    await trx("tool_calls").delete();
    await trx("appointments").delete();
  });
  await setSettings({ business_hours: DEFAULT_SETTINGS.business_hours, slot_minutes: 30 });
  world.logged.length = 0;
});

async function setSettings(changes: Record<string, unknown>): Promise<void> {
  const columns = Object.entries(changes).map(([name, value]) => {
    const json = typeof value === "object" && value !== null;
    return [name, json ? JSON.stringify(value) : value];
  });
  await world.db.inSystem(({ trx }) => trx("settings").update(Object.fromEntries(columns)));
}

/** A conversation in which Tuesday at ten has just been proposed. */
async function proposed(business_id = ours) {
  const talk = await converse(world, business_id);
  expect((await talk.tool("propose_slot", TUESDAY_TEN)).output.ok).toBe(true);
  return talk;
}

describe("«כן, מאשר» books the pending slot and nothing else", () => {
  test("by the customer's words alone, whatever the model does", async () => {
    const talk = await proposed();
    expect((await talk.thread()).pending_slot).toMatchObject({
      starts_at: "2026-11-24T08:00:00.000Z",
    });
    const remark = await talk.says("כן, מאשר");
    expect(remark?.note).toContain(WHEN);
    const { call_sid, thread_id } = talk.ctx;
    expect(await talk.appointments()).toMatchObject([
      {
        starts_at: "2026-11-24T08:00:00.000Z",
        ends_at: "2026-11-24T08:30:00.000Z",
        status: "booked",
        source: "call",
        contact_id: talk.contact_id,
        thread_id,
        call_sid,
      },
    ]);
    expect((await talk.thread()).pending_slot).toBeNull();
    const [call] = await world.db.inBusiness(ours, ({ trx }) => trx("calls").where({ call_sid }));
    expect(call.appointment_id).toBe((await talk.appointments())[0]!.id);
  });

  test("by the model, after the customer's yes", async () => {
    const talk = await proposed();
    talk.onlyModelHears("בסדר, מתאים לי");
    const { output } = await talk.tool("confirm_appointment");
    expect(output).toMatchObject({ ok: true, when: WHEN });
    expect(await talk.appointments()).toHaveLength(1);
  });

  test("a time that the model adds to the confirmation changes nothing", async () => {
    const talk = await proposed();
    talk.onlyModelHears("כן, מאשר");
    await talk.tool("confirm_appointment", { date: "2026-11-25", time: "16:00" });
    expect(await talk.appointments()).toMatchObject([{ starts_at: "2026-11-24T08:00:00.000Z" }]);
  });

  test("the model's confirmation after the customer's has the same outcome", async () => {
    const talk = await proposed();
    const remark = await talk.says("כן, מאשר");
    const { output } = await talk.tool("confirm_appointment");
    expect(output).toEqual(JSON.parse(remark!.note!));
    expect((await talk.says("כן, מאשר"))?.note).toContain("כבר נקבע");
    expect(await talk.appointments()).toHaveLength(1);
  });

  test("both at the same moment book once", async () => {
    const talk = await proposed();
    talk.onlyModelHears("כן, מאשר");
    const [remark, outcome] = await Promise.all([
      talk.says("כן, מאשר"),
      talk.tool("confirm_appointment"),
    ]);
    expect(outcome.output.ok).toBe(true);
    expect(JSON.stringify(remark)).toContain(WHEN);
    expect(await talk.appointments()).toHaveLength(1);
  });
});

describe("the model can't book without the customer", () => {
  test("who has not spoken since the proposal", async () => {
    const talk = await converse(world, ours);
    await talk.says("כן, אני רוצה תור לשלישי בעשר");
    await talk.tool("propose_slot", TUESDAY_TEN);
    const { output } = await talk.tool("confirm_appointment");
    expect(output).toMatchObject({ ok: false, reason: "not_confirmed_yet" });
    expect(output.message).toContain(WHEN);
    expect(await talk.appointments()).toEqual([]);
  });

  test.each([
    ["לא", "reject"],
    ["כן, אבל בארבע", "other_time"],
    ["כמה זה עולה?", "not_confirmed_yet"],
    ["רגע, אולי", "not_confirmed_yet"],
    ["אני גר בתל אביב", "not_confirmed_yet"],
    ["", "not_confirmed_yet"],
  ])("who said «%s»", async (text, reason) => {
    const talk = await proposed();
    talk.onlyModelHears(text);
    expect((await talk.tool("confirm_appointment")).output).toMatchObject({ ok: false, reason });
    expect(await talk.appointments()).toEqual([]);
  });
});

describe("what takes the proposal off the table", () => {
  test("a refusal: a later yes books nothing", async () => {
    const talk = await proposed();
    expect((await talk.says("לא"))?.note).toContain("דחה");
    expect((await talk.thread()).pending_slot).toBeNull();
    expect(await talk.says("כן")).toBeNull();
    expect(await talk.appointments()).toEqual([]);
  });

  test("another time", async () => {
    const talk = await proposed();
    expect((await talk.says("כן אבל בארבע"))?.note).toContain("מועד אחר");
    expect((await talk.thread()).pending_slot).toBeNull();
  });

  test("a new proposal, also one that can't be had", async () => {
    const talk = await proposed();
    await talk.tool("propose_slot", { date: "2026-11-24", time: "20:00" });
    expect((await talk.thread()).pending_slot).toBeNull();
  });

  test("not a word in between; but then a bare yes may mean something else", async () => {
    const talk = await proposed();
    expect(await talk.says("כמה זה עולה?")).toBeNull();
    expect(await talk.says("כן")).toBeNull();
    expect(await talk.appointments()).toEqual([]);
    await talk.says("כן, מאשר");
    expect(await talk.appointments()).toHaveLength(1);
  });

  test("not words that were spoken before it and written down after", async () => {
    const talk = await converse(world, ours);
    const before = new Date(talk.clock.now());
    await talk.tool("propose_slot", TUESDAY_TEN);
    expect(await talk.says("כן, מאשר", before)).toBeNull();
    expect(await talk.appointments()).toEqual([]);
  });
});

describe("a confirmation without an exact time is asked about, never dropped", () => {
  const logged = "[NLP] confirmation without an exact time";

  test("when only the day is agreed", async () => {
    const talk = await converse(world, ours);
    const { output } = await talk.tool("propose_slot", { date: "2026-11-24" });
    expect(output).toMatchObject({ ok: true, day: "יום שלישי, 24 בנובמבר" });
    expect(output.free_times).toHaveLength(16);
    expect(await talk.says("כן, מאשר")).toEqual({ say: ASK_TIME });
    expect(nlpLines(world)).toContain(logged);
    expect(await talk.tool("confirm_appointment")).toMatchObject({
      output: { ok: false, reason: "exact_time_missing" },
      say: ASK_TIME,
    });
    expect(await talk.appointments()).toEqual([]);
  });

  test("when nothing is proposed", async () => {
    const talk = await converse(world, ours);
    expect(await talk.says("כן, מאשר")).toEqual({ say: ASK_TIME });
    expect(nlpLines(world)).toContain(logged);
    expect((await talk.tool("confirm_appointment")).say).toBe(ASK_TIME);
  });

  test("the day that was agreed shows as no pending slot in the API", async () => {
    const talk = await converse(world, ours);
    await talk.tool("propose_slot", { date: "2026-11-24" });
    expect((await talk.thread()).pending_slot).toMatchObject({ starts_at: null });
  });
});

describe("a pending slot that is stale or broken is cleared and asked about", () => {
  const broken = { starts_at: "soon", expires_at: START.plus({ hours: 1 }).toISO() };

  test("stale: the customer is asked for date and time", async () => {
    const talk = await proposed();
    talk.wait(16 * 60_000);
    expect(await talk.says("כן, מאשר")).toEqual({ say: ASK_AGAIN });
    expect((await talk.thread()).pending_slot).toBeNull();
    expect(nlpLines(world)).toContain("[NLP] pending slot cleared, asking again");
    expect(await talk.appointments()).toEqual([]);
  });

  test("broken: the same", async () => {
    const talk = await converse(world, ours);
    await talk.setPending(broken);
    expect(await talk.says("כן")).toEqual({ say: ASK_AGAIN });
    expect((await talk.thread()).pending_slot).toBeNull();
  });

  test("the model's confirmation: the same", async () => {
    const talk = await converse(world, ours);
    await talk.setPending(broken);
    talk.onlyModelHears("כן, מאשר");
    const outcome = await talk.tool("confirm_appointment");
    expect(outcome).toMatchObject({ output: { reason: "proposal_expired" }, say: ASK_AGAIN });
    expect((await talk.thread()).pending_slot).toBeNull();
  });

  test("when they speak of something else, the model is told", async () => {
    const talk = await proposed();
    talk.wait(16 * 60_000);
    expect((await talk.says("שלום"))?.note).toContain("כבר לא בתוקף");
    expect((await talk.thread()).pending_slot).toBeNull();
  });
});

describe("two callers want one slot", () => {
  test("one gets it, the other an honest answer with other times", async () => {
    const talks = await Promise.all([proposed(), proposed(), proposed()]);
    const remarks = await Promise.all(talks.map((talk) => talk.says("כן, מאשר")));
    const outcomes = remarks.map((remark) => JSON.parse(remark!.note!));
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    const lost = outcomes.findIndex(({ ok }) => !ok);
    expect(outcomes[lost]).toMatchObject({ reason: "taken", alternatives: [{}, {}, {}] });
    expect(outcomes[lost].message).toContain(WHEN);
    const offered = outcomes[lost].alternatives.map(({ when }: { when: string }) => when);
    expect(offered).not.toContain(WHEN);

    const loser = talks[lost]!;
    expect((await loser.thread()).pending_slot).toBeNull();
    expect((await loser.tool("confirm_appointment")).output).toEqual(outcomes[lost]);
    const booked = await Promise.all(talks.map((talk) => talk.appointments()));
    expect(booked.flat()).toHaveLength(1);
  });

  test("what is booked already can't be proposed", async () => {
    const first = await proposed();
    await first.says("כן, מאשר");
    const second = await converse(world, ours);
    const { output } = await second.tool("propose_slot", TUESDAY_TEN);
    expect(output).toMatchObject({ ok: false, reason: "taken" });
    expect((output.alternatives as { when: string }[]).map(({ when }) => when)).toEqual([
      "יום שלישי, 24 בנובמבר, בשעה 09:00",
      "יום שלישי, 24 בנובמבר, בשעה 09:30",
      "יום שלישי, 24 בנובמבר, בשעה 10:30",
    ]);
  });

  test("each business has its own diary", async () => {
    const [first, second] = [await proposed(ours), await proposed(theirs)];
    await first.says("כן, מאשר");
    await second.says("כן, מאשר");
    expect(await second.appointments()).toHaveLength(1);
  });
});

test("a time that the business closed after the proposal is not booked", async () => {
  const talk = await proposed();
  await setSettings({ business_hours: { ...DEFAULT_SETTINGS.business_hours, tue: [] } });
  const outcome = JSON.parse((await talk.says("כן, מאשר"))!.note!);
  expect(outcome).toMatchObject({ ok: false, reason: "taken" });
  expect(await talk.appointments()).toEqual([]);
});

describe("a tool call happens once", () => {
  test("repeated, it has the same outcome", async () => {
    const talk = await proposed();
    talk.onlyModelHears("כן, מאשר");
    const all = [];
    for (let i = 0; i < 3; i += 1) all.push(await talk.tool("confirm_appointment", {}, "call_x"));
    expect(all[0]!.output.ok).toBe(true);
    expect(all).toEqual([all[0], all[0], all[0]]);
    expect((await talk.toolCalls()).filter((row) => row.tool_call_id === "call_x")).toHaveLength(1);
  });

  test("at the same moment too", async () => {
    const talk = await converse(world, ours);
    const message = { subject: "חשבונית", message: "לשלוח חשבונית" };
    const all = await Promise.all(
      Array.from({ length: 5 }, () => talk.tool("leave_message", message, "call_y")),
    );
    expect(all).toEqual(Array.from({ length: 5 }, () => all[0]));
    const where = { thread_id: talk.ctx.thread_id };
    const tasks = await world.db.inBusiness(ours, ({ trx }) => trx("tasks").where(where));
    expect(tasks).toHaveLength(1);
  });

  test("another conversation's id of the same name is another call", async () => {
    const [one, two] = [await converse(world, ours), await converse(world, ours)];
    expect((await one.tool("propose_slot", TUESDAY_TEN, "call_1")).output.ok).toBe(true);
    const later = await two.tool("propose_slot", { ...TUESDAY_TEN, time: "11:00" }, "call_1");
    expect(later.output.proposed).toContain("11:00");
  });
});

describe("a call that dies in the middle of a tool", () => {
  test("leaves nothing behind, and the same call can be made again", async () => {
    const talk = await proposed();
    talk.onlyModelHears("כן, מאשר");
    const controller = new AbortController();
    talk.ctx.signal = controller.signal;
    controller.abort();
    const dead = await talk.tool("confirm_appointment", {}, "call_z");
    expect(dead.output).toMatchObject({ ok: false, reason: "failed" });
    expect(await talk.appointments()).toEqual([]);
    expect((await talk.thread()).pending_slot).not.toBeNull();
    expect((await talk.toolCalls()).map(({ name }) => name)).toEqual(["propose_slot"]);

    talk.ctx.signal = undefined;
    expect((await talk.tool("confirm_appointment", {}, "call_z")).output.ok).toBe(true);
    expect(await talk.appointments()).toHaveLength(1);
  });
});
