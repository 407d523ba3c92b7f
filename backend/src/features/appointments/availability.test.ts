import { WEEKDAYS, type BusinessHours } from "@agentlocator/contract";
import fc from "fast-check";
import { DateTime } from "luxon";
import { expect, test } from "vitest";
import { freeSlots, hoursOn, overlap, slotIsOffered, slotsOn, type Diary } from "./availability.ts";

const JERUSALEM = "Asia/Jerusalem";
const week = (hours: [string, string][], fri: [string, string][] = []): BusinessHours => ({
  ...Object.fromEntries(WEEKDAYS.slice(0, 5).map((day) => [day, hours])),
  fri,
  sat: [],
});
const diary = (over: Partial<Diary> = {}): Diary => ({
  timezone: JERUSALEM,
  business_hours: week([["09:00", "17:00"]], [["08:00", "13:00"]]),
  slot_minutes: 30,
  closed_dates: [],
  ...over,
});
const aroundTheClock = (slot_minutes: number): Diary =>
  diary({
    business_hours: Object.fromEntries(WEEKDAYS.map((day) => [day, [["00:00", "24:00"]]])),
    slot_minutes,
  });
const local = (at: Date) => DateTime.fromJSDate(at, { zone: JERUSALEM }).toFormat("HH:mm ZZ");
const at = (text: string) => DateTime.fromISO(text, { zone: JERUSALEM }).toJSDate();

test("a working day offers its slots from opening to closing", () => {
  const slots = slotsOn(diary(), "2026-11-24");
  expect(slots).toHaveLength(16);
  expect(local(slots[0]!.starts_at)).toBe("09:00 +02:00");
  expect(local(slots.at(-1)!.ends_at)).toBe("17:00 +02:00");
});

test("a slot that would end after closing is not offered", () => {
  const slots = slotsOn(diary({ slot_minutes: 50 }), "2026-11-24");
  expect(local(slots.at(-1)!.ends_at)).toBe("16:30 +02:00");
});

test("a lunch break starts the count again", () => {
  const split = diary({
    business_hours: week([
      ["09:00", "12:15"],
      ["13:10", "14:10"],
    ]),
  });
  const starts = slotsOn(split, "2026-11-24").map((slot) => local(slot.starts_at).slice(0, 5));
  expect(starts).toEqual(["09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "13:10", "13:40"]);
});

test("the Sabbath, a closed date and a holiday are closed", () => {
  expect(slotsOn(diary(), "2026-11-28")).toEqual([]);
  expect(slotsOn(diary({ closed_dates: ["2026-11-24"] }), "2026-11-24")).toEqual([]);
  expect(hoursOn(diary(), "2026-09-21")).toMatchObject({
    hours: [],
    holiday: { he: "יום כיפור" },
  });
});

test("an eve keeps only the hours that Friday has too", () => {
  // Sunday 20 September 2026 is Yom Kippur eve.
  expect(hoursOn(diary(), "2026-09-20").hours).toEqual([["09:00", "13:00"]]);
  const closedOnFriday = diary({ business_hours: week([["09:00", "17:00"]]) });
  expect(hoursOn(closedOnFriday, "2026-09-20").hours).toEqual([]);
});

test("a business elsewhere works on Israeli holidays", () => {
  expect(slotsOn(diary({ timezone: "Europe/Berlin" }), "2026-09-21")).toHaveLength(16);
});

test("spring: the skipped hour is not offered, and the day is an hour shorter", () => {
  const slots = slotsOn(aroundTheClock(30), "2026-03-27");
  expect(slots).toHaveLength(46);
  const starts = slots.map((slot) => local(slot.starts_at));
  expect(starts.slice(2, 5)).toEqual(["01:00 +02:00", "01:30 +02:00", "03:00 +03:00"]);
});

test("spring: a slot that reaches over the skipped hour does not meet the next one", () => {
  const starts = slotsOn(aroundTheClock(45), "2026-03-27").map((slot) => local(slot.starts_at));
  expect(starts.slice(1, 4)).toEqual(["00:45 +02:00", "01:30 +02:00", "03:45 +03:00"]);
});

test("autumn: the repeated hour is offered once, at its first passing", () => {
  const slots = slotsOn(aroundTheClock(30), "2026-10-25");
  expect(slots).toHaveLength(48);
  const starts = slots.map((slot) => local(slot.starts_at));
  expect(starts.slice(2, 5)).toEqual(["01:00 +03:00", "01:30 +03:00", "02:00 +02:00"]);
});

test.each([
  ["the day before spring", "2026-03-26", "+02:00"],
  ["the day after spring", "2026-03-29", "+03:00"],
  ["the day of autumn", "2026-10-25", "+02:00"],
])("opening stays at nine by the wall clock: %s", (_, date, offset) => {
  expect(local(slotsOn(diary(), date)[0]!.starts_at)).toBe(`09:00 ${offset}`);
});

test("what is booked, past or too soon is left out", () => {
  const free = freeSlots(diary(), {
    from: at("2026-11-24T00:00"),
    to: at("2026-11-25T00:00"),
    taken: [{ starts_at: at("2026-11-24T15:15"), ends_at: at("2026-11-24T15:45") }],
    not_before: at("2026-11-24T14:01"),
  });
  const starts = free.map((slot) => local(slot.starts_at).slice(0, 5));
  expect(starts).toEqual(["14:30", "16:00", "16:30"]);
});

test("an appointment that ends when a slot starts does not take it", () => {
  const taken = [{ starts_at: at("2026-11-24T09:00"), ends_at: at("2026-11-24T10:00") }];
  const query = { from: at("2026-11-24T09:00"), to: at("2026-11-24T10:30"), taken };
  const free = freeSlots(diary(), { ...query, not_before: new Date(0) });
  expect(free.map((slot) => local(slot.starts_at).slice(0, 5))).toEqual(["10:00"]);
});

test("only a start on the grid is offered", () => {
  expect(slotIsOffered(diary(), at("2026-11-24T10:00"))).toMatchObject({
    ends_at: at("2026-11-24T10:30"),
  });
  for (const start of ["2026-11-24T10:10", "2026-11-24T17:00", "2026-11-28T10:00"]) {
    expect(slotIsOffered(diary(), at(start))).toBeNull();
  }
  const secondPassing = new Date("2026-10-25T01:30:00+02:00");
  expect(slotIsOffered(aroundTheClock(30), secondPassing)).toBeNull();
});

const clock = fc.integer({ min: 0, max: 96 }).map((quarter) => {
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${pad(Math.floor(quarter / 4))}:${pad((quarter % 4) * 15)}`;
});
const ranges = fc.uniqueArray(clock, { maxLength: 6 }).map((clocks) => {
  const sorted = clocks.toSorted();
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < sorted.length; i += 2) pairs.push([sorted[i]!, sorted[i + 1]!]);
  return pairs;
});
const anyDiary = fc.record({
  timezone: fc.constantFrom(JERUSALEM, "America/New_York", "Australia/Lord_Howe", "UTC"),
  business_hours: fc.record(Object.fromEntries(WEEKDAYS.map((day) => [day, ranges]))),
  slot_minutes: fc.integer({ min: 15, max: 480 }),
  closed_dates: fc.constant([]),
});
// Days around the clock changes come up often enough to matter.
const anyDate = fc.oneof(
  fc.constantFrom("2026-03-27", "2026-10-25", "2027-03-26", "2027-10-31", "2026-03-08"),
  fc
    .date({ min: new Date("2026-01-01"), max: new Date("2030-12-31"), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10)),
);

test("property: slots are in order, apart, of the right length, on their day and in its hours", () => {
  fc.assert(
    fc.property(anyDiary, anyDate, (some, date) => {
      const slots = slotsOn(some, date);
      const { hours } = hoursOn(some, date);
      slots.forEach((slot, i) => {
        const starts = DateTime.fromJSDate(slot.starts_at, { zone: some.timezone });
        const minutes = (slot.ends_at.getTime() - slot.starts_at.getTime()) / 60_000;
        expect(minutes).toBe(some.slot_minutes);
        expect(starts.toISODate()).toBe(date);
        const clockTime = starts.toFormat("HH:mm");
        expect(hours.some(([from, to]) => from <= clockTime && clockTime < to)).toBe(true);
        if (i > 0) expect(slots[i - 1]!.ends_at <= slot.starts_at).toBe(true);
      });
      const last = slots.at(-1);
      if (last) expect(slotIsOffered(some, last.starts_at)).toEqual(last);
    }),
    { numRuns: 200 },
  );
});

test("property: no free slot is past, outside the range or over something booked", () => {
  const hour = 3_600_000;
  const span = fc.tuple(fc.integer({ min: -24, max: 96 }), fc.integer({ min: 1, max: 9 }));
  const query = fc.record({
    taken: fc.array(span, { maxLength: 8 }),
    length: fc.integer({ min: 1, max: 72 }),
    lead: fc.integer({ min: -30, max: 30 }),
  });
  fc.assert(
    fc.property(anyDiary, anyDate, query, (some, date, { taken, length, lead }) => {
      const from = new Date(`${date}T00:00:00Z`);
      const to = new Date(from.getTime() + length * hour);
      const not_before = new Date(from.getTime() + lead * hour);
      const booked = taken.map(([start, hours]) => ({
        starts_at: new Date(from.getTime() + start * hour),
        ends_at: new Date(from.getTime() + (start + hours) * hour),
      }));
      const free = freeSlots(some, { from, to, taken: booked, not_before });
      for (const slot of free) {
        expect(slot.starts_at >= from && slot.starts_at < to).toBe(true);
        expect(slot.starts_at >= not_before).toBe(true);
        expect(booked.some((other) => overlap(other, slot))).toBe(false);
      }
    }),
    { numRuns: 200 },
  );
});
