import { DEFAULT_SETTINGS, WEEKDAYS, type Settings } from "@agentlocator/contract";
import { DateTime } from "luxon";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { converse, nlpLines, ZONE, type Conversation } from "../../../test/conversation.ts";
import { createPeople, type TestPeople } from "../../../test/people.ts";
import { toolDefinitions } from "./tools/index.ts";

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
  await world.db.inSystem(({ trx }) => trx("appointments").delete());
  const { business_hours, slot_minutes, transfer_number } = DEFAULT_SETTINGS;
  await settings({ business_hours, slot_minutes, transfer_number });
  world.logged.length = 0;
});

const settings = (changes: Partial<Settings>) =>
  world.db.inSystem(({ trx }) => trx("settings").update(changes));

/** Books a time in the conversation and returns the appointment's id. */
async function booked(talk: Conversation, date: string, time: string): Promise<number> {
  await talk.tool("propose_slot", { date, time, service: "תספורת" });
  await talk.says("כן, מאשר");
  const all = await talk.appointments();
  return all.at(-1)!.id;
}

describe("find_free_slots", () => {
  test("answers with the first days that have free times, as one says them", async () => {
    const talk = await converse(world, ours);
    const { output } = await talk.tool("find_free_slots");
    // It is Friday noon, and the business opens on Sunday.
    expect(output).toMatchObject({
      ok: true,
      days: [
        { date: "2026-11-22", day: "יום ראשון, 22 בנובמבר" },
        { date: "2026-11-23" },
        { date: "2026-11-24" },
      ],
      more_days_with_free_times: 7,
    });
    const [first] = output.days as { times: string[] }[];
    expect(first!.times).toHaveLength(16);
    expect(first!.times[0]).toBe("09:00");
  });

  test("leaves out what is booked and what is not the wanted part of the day", async () => {
    const talk = await converse(world, ours);
    await booked(talk, "2026-11-24", "13:00");
    const asked = { from_date: "2026-11-24", to_date: "2026-11-24", part_of_day: "afternoon" };
    const { output } = await talk.tool("find_free_slots", asked);
    const [day] = output.days as { times: string[] }[];
    expect(day!.times).toEqual("12:00 12:30 13:30 14:00 14:30 15:00 15:30 16:00 16:30".split(" "));
  });

  test("says why there is nothing", async () => {
    const start = DateTime.fromISO("2027-04-20T12:00", { zone: ZONE });
    const talk = await converse(world, ours, { start });
    const asked = { from_date: "2027-04-22", to_date: "2027-04-22" };
    const { output } = await talk.tool("find_free_slots", asked);
    expect(output).toMatchObject({ ok: true, days: [], closed: ["יום חמישי, 22 באפריל (פסח)"] });
  });

  test("never offers the past, nor what can't be reached in time", async () => {
    const start = DateTime.fromISO("2026-11-24T11:50", { zone: ZONE });
    const talk = await converse(world, ours, { start });
    const asked = { from_date: "2026-11-01", to_date: "2026-11-24" };
    const { output } = await talk.tool("find_free_slots", asked);
    const [day] = output.days as { times: string[] }[];
    expect(day!.times[0]).toBe("12:30");
  });
});

describe("propose_slot", () => {
  test.each([
    ["a closed day", { date: "2026-11-28", time: "10:00" }, "not_offered"],
    ["a holiday", { date: "2027-04-22", time: "10:00" }, "not_offered", "2027-04-20T12:00"],
    ["a time off the grid", { date: "2026-11-24", time: "10:10" }, "not_offered"],
    ["the past", { date: "2026-11-19", time: "10:00" }, "past"],
    ["a year from now", { date: "2027-11-23", time: "10:00" }, "too_far_ahead"],
    ["a day without free times", { date: "2026-11-28" }, "no_free_times_that_day"],
    ["a day that does not exist", { date: "2026-02-30", time: "10:00" }, "invalid_arguments"],
    ["an hour that does not exist", { date: "2026-11-24", time: "25:00" }, "invalid_arguments"],
  ])("refuses %s", async (_, slot, reason, start = "2026-11-20T12:00") => {
    const talk = await converse(world, ours, { start: DateTime.fromISO(start, { zone: ZONE }) });
    expect((await talk.tool("propose_slot", slot)).output).toMatchObject({ ok: false, reason });
    expect((await talk.thread()).pending_slot).toBeNull();
  });

  test("around both changes of the clock", async () => {
    const always = Object.fromEntries(WEEKDAYS.map((day) => [day, [["00:00", "24:00"]]]));
    await settings({ business_hours: always });
    const spring = await converse(world, ours, {
      start: DateTime.fromISO("2026-03-26T12:00", { zone: ZONE }),
    });
    const skipped = await spring.tool("propose_slot", { date: "2026-03-27", time: "02:30" });
    expect(skipped.output).toMatchObject({ ok: false, reason: "no_such_time" });
    await booked(spring, "2026-03-27", "03:00");
    expect(await spring.appointments()).toMatchObject([{ starts_at: "2026-03-27T00:00:00.000Z" }]);

    const autumn = await converse(world, ours, {
      start: DateTime.fromISO("2026-10-24T12:00", { zone: ZONE }),
    });
    await booked(autumn, "2026-10-25", "01:30");
    expect(await autumn.appointments()).toMatchObject([{ starts_at: "2026-10-24T22:30:00.000Z" }]);
  });

  test("keeps the name the customer gave, but not over one that is known", async () => {
    const talk = await converse(world, ours);
    for (const customer_name of ["דנה", "רות"]) {
      const time = customer_name === "דנה" ? "10:00" : "11:00";
      await talk.tool("propose_slot", { date: "2026-11-24", time, customer_name });
      await talk.says("כן, מאשר");
    }
    const contact = await world.db.inBusiness(ours, ({ trx }) =>
      trx("contacts").where("id", talk.contact_id!).first("name"),
    );
    expect(contact.name).toBe("דנה");
  });

  test("a caller who withholds the number becomes a contact by name", async () => {
    const talk = await converse(world, ours, { phone: null });
    await talk.tool("propose_slot", { date: "2026-11-24", time: "10:00", customer_name: "דנה" });
    await talk.says("כן, מאשר");
    const [appointment] = await talk.appointments();
    const { contact_id } = await talk.thread();
    expect(appointment!.contact_id).toBe(contact_id);
    const [mine] = (await talk.tool("my_appointments")).output.appointments as unknown[];
    expect(mine).toMatchObject({ appointment_id: appointment!.id });
  });
});

describe("my_appointments, move_appointment and cancel_appointment", () => {
  test("an appointment moves once the customer has confirmed the new time", async () => {
    const talk = await converse(world, ours);
    const appointment_id = await booked(talk, "2026-11-24", "10:00");
    const { output } = await talk.tool("my_appointments");
    expect(output.appointments).toEqual([
      {
        appointment_id,
        title: "תספורת",
        starts_at: "2026-11-24T10:00:00+02:00",
        when: "יום שלישי, 24 בנובמבר, בשעה 10:00",
      },
    ]);
    const to = { appointment_id, date: "2026-11-25", time: "12:00" };
    expect((await talk.tool("move_appointment", to)).output.ok).toBe(true);
    expect(await talk.appointments()).toMatchObject([{ starts_at: "2026-11-24T08:00:00.000Z" }]);
    expect((await talk.says("כן, מאשרת"))?.note).toContain("הועבר");
    expect(await talk.appointments()).toMatchObject([
      { id: appointment_id, starts_at: "2026-11-25T10:00:00.000Z", status: "booked" },
    ]);
  });

  test("it may move by less than its own length", async () => {
    await settings({ slot_minutes: 60 });
    const talk = await converse(world, ours);
    const appointment_id = await booked(talk, "2026-11-24", "10:00");
    await settings({ slot_minutes: 30 });
    const to = { appointment_id, date: "2026-11-24", time: "10:30" };
    expect((await talk.tool("move_appointment", to)).output.ok).toBe(true);
    await talk.says("כן");
    expect(await talk.appointments()).toMatchObject([{ starts_at: "2026-11-24T08:30:00.000Z" }]);
  });

  test("a cancelled one frees its time and can't be confirmed again", async () => {
    const talk = await converse(world, ours);
    const appointment_id = await booked(talk, "2026-11-24", "10:00");
    const cancelled = await talk.tool("cancel_appointment", { appointment_id });
    expect(cancelled.output).toMatchObject({
      ok: true,
      cancelled: expect.stringContaining("10:00"),
    });
    expect(await talk.appointments()).toMatchObject([{ status: "cancelled" }]);
    expect((await talk.says("כן, מאשר"))?.say).toContain("שעה מדויקת");
    const other = await converse(world, ours);
    expect(await booked(other, "2026-11-24", "10:00")).toBeGreaterThan(appointment_id);
  });

  test("another customer's, and another business's, are not there", async () => {
    const victim = await converse(world, ours);
    const foreign = await converse(world, theirs);
    const ids = [
      await booked(victim, "2026-11-24", "10:00"),
      await booked(foreign, "2026-11-24", "11:00"),
      999_999,
    ];
    const talk = await converse(world, ours);
    expect((await talk.tool("my_appointments")).output.appointments).toEqual([]);
    for (const appointment_id of ids) {
      const to = { appointment_id, date: "2026-11-25", time: "12:00" };
      for (const outcome of [
        await talk.tool("cancel_appointment", { appointment_id }),
        await talk.tool("move_appointment", to),
      ]) {
        expect(outcome.output).toEqual({ ok: false, reason: "no_such_appointment" });
      }
    }
    expect(await victim.appointments()).toMatchObject([{ status: "booked" }]);
  });

  test("two withheld numbers are two customers", async () => {
    const victim = await converse(world, ours, { phone: null });
    const appointment_id = await booked(victim, "2026-11-24", "10:00");
    const talk = await converse(world, ours, { phone: null });
    const { output } = await talk.tool("cancel_appointment", { appointment_id });
    expect(output.reason).toBe("no_such_appointment");
  });

  test("one that is cancelled meanwhile is not moved", async () => {
    const talk = await converse(world, ours);
    const appointment_id = await booked(talk, "2026-11-24", "10:00");
    await talk.tool("move_appointment", { appointment_id, date: "2026-11-25", time: "12:00" });
    await world.db.inSystem(({ trx }) => trx("appointments").update({ status: "cancelled" }));
    expect(JSON.parse((await talk.says("כן"))!.note!).ok).toBe(false);
    expect(await talk.appointments()).toMatchObject([{ status: "cancelled" }]);
  });
});

test("leave_message makes a task for the team, with who and where from", async () => {
  const talk = await converse(world, ours);
  const message = {
    subject: "חשבונית",
    message: "לשלוח חשבונית במייל\u0000",
    customer_name: "דנה",
  };
  const { output } = await talk.tool("leave_message", message);
  const { call_sid, thread_id } = talk.ctx;
  const task = await world.db.inBusiness(ours, ({ trx }) =>
    trx("tasks")
      .where("id", output.task_id as number)
      .first(),
  );
  expect(task).toMatchObject({
    title: "חשבונית",
    body: "לשלוח חשבונית במייל",
    status: "open",
    contact_id: talk.contact_id,
    call_sid,
    thread_id,
    created_by: null,
  });
});

describe("transfer_to_person and end_call", () => {
  test("a call is transferred when there is a number for it", async () => {
    const talk = await converse(world, ours);
    const nobody = await talk.tool("transfer_to_person", { reason: "בקשה" });
    expect(nobody.output).toMatchObject({ ok: false, reason: "nobody_can_be_reached_now" });
    await settings({ transfer_number: "+97231112222" });
    const outcome = await talk.tool("transfer_to_person", { reason: "בקשה" });
    expect(outcome).toEqual({ output: { ok: true }, effect: "transfer" });
  });

  test("a chat is handed over: a task, and the agent keeps still", async () => {
    const talk = await converse(world, ours, { channel: "whatsapp" });
    const outcome = await talk.tool("transfer_to_person", { reason: "בקשה" });
    expect(outcome.output.ok).toBe(true);
    expect((await talk.thread()).ai_paused_until).toBe("2026-11-20T11:00:01.000Z");
    const where = { thread_id: talk.ctx.thread_id };
    const [task] = await world.db.inBusiness(ours, ({ trx }) => trx("tasks").where(where));
    expect(task.title).toBe("בקשה");
  });

  test("only a call can be hung up", async () => {
    const call = await converse(world, ours);
    expect((await call.tool("end_call")).effect).toBe("end_call");
    const chat = await converse(world, ours, { channel: "whatsapp" });
    expect((await chat.tool("end_call")).output).toEqual({ ok: false, reason: "no_such_tool" });
    const names = (channel: "call" | "whatsapp") =>
      toolDefinitions(channel).map(({ name }) => name);
    expect(names("call")).toContain("end_call");
    expect(names("whatsapp")).not.toContain("end_call");
  });
});

describe("what a model may get wrong", () => {
  test.each([
    ["broken JSON", "propose_slot", '{"date":', "invalid_arguments"],
    ["no object", "propose_slot", "[1]", "invalid_arguments"],
    ["a wrong type", "cancel_appointment", '{"appointment_id":"7"}', "invalid_arguments"],
    [
      "an id that is too large",
      "cancel_appointment",
      '{"appointment_id":1e12}',
      "invalid_arguments",
    ],
    ["an unknown tool", "drop_table", "{}", "no_such_tool"],
  ])("%s is answered, not thrown", async (_, name, args, reason) => {
    const talk = await converse(world, ours);
    const { output } = await talk.tool(name, args);
    expect(output).toMatchObject({ ok: false, reason });
    expect(JSON.stringify(output)).not.toMatch(/ at .*\.ts/);
  });

  test("empty fields are as if left out", async () => {
    const talk = await converse(world, ours);
    const args = { date: "2026-11-24", time: "10:00", service: null, customer_name: "" };
    expect((await talk.tool("propose_slot", args)).output.ok).toBe(true);
    expect((await talk.tool("my_appointments", "")).output.ok).toBe(true);
  });

  test("a conversation that is not there fails with a log line and plain words", async () => {
    const talk = await converse(world, ours);
    talk.ctx.business_id = theirs;
    const { output } = await talk.tool("my_appointments");
    expect(output).toMatchObject({ ok: false, reason: "failed" });
    expect(await talk.says("כן, מאשר")).toBeNull();
    expect(nlpLines(world)).toEqual([
      "[NLP] tool failed",
      "[NLP] a confirmation could not be looked at",
    ]);
  });
});

test("every tool is described to the model as a JSON schema of an object", () => {
  for (const { name, description, parameters } of toolDefinitions("call")) {
    expect(name).toMatch(/^[a-z_]{3,40}$/);
    expect(description.length).toBeGreaterThan(10);
    expect(parameters).toMatchObject({ type: "object", properties: expect.any(Object) });
    expect(parameters).not.toHaveProperty("$schema");
  }
});
