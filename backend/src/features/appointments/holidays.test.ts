import { flags, HebrewCalendar } from "@hebcal/core";
import { DateTime } from "luxon";
import { expect, test } from "vitest";
import { holidayOn, keepsIsraeliHolidays } from "./holidays.ts";

/** What an independent calendar says: days of rest and the days before them, in Israel. */
function oracle(year: number): Map<string, string> {
  const days = new Map<string, string>();
  for (const event of HebrewCalendar.calendar({ year, isHebrewYear: false, il: true })) {
    const date = DateTime.fromJSDate(event.getDate().greg()).toISODate()!;
    const name = event.getDesc();
    const restDay = (event.getFlags() & flags.CHAG) !== 0 && !name.startsWith("Erev ");
    if (restDay || name === "Yom HaAtzma'ut") days.set(date, "closed");
    const namedEve = /^Erev (Rosh Hashana|Yom Kippur|Sukkot|Pesach|Shavuot)$/.test(name);
    const festivalEve = name === "Sukkot VII (Hoshana Raba)" || name === "Pesach VI (CH''M)";
    if (namedEve || festivalEve || name === "Yom HaZikaron") days.set(date, "eve");
  }
  return days;
}

test("agrees with an independent Hebrew calendar on every day from 1990 to 2060", () => {
  const differences: string[] = [];
  let found = 0;
  for (let year = 1990; year <= 2060; year += 1) {
    const expected = oracle(year);
    let day = DateTime.utc(year, 1, 1);
    while (day.year === year) {
      const date = day.toISODate()!;
      const kind = holidayOn(date)?.kind;
      if (kind) found += 1;
      if (kind !== expected.get(date)) differences.push(`${date} ${kind} ${expected.get(date)}`);
      day = day.plus({ days: 1 });
    }
  }
  expect(differences).toEqual([]);
  expect(found).toBe(71 * 17);
});

test.each([
  ["2026-04-22", "יום העצמאות"],
  ["2026-04-21", "יום הזיכרון"],
  // 5 Iyar on a Saturday, a Friday and a Monday.
  ["2025-05-01", "יום העצמאות"],
  ["2021-04-15", "יום העצמאות"],
  ["2024-05-14", "יום העצמאות"],
  ["2026-09-12", "ראש השנה"],
  ["2026-09-20", "ערב יום כיפור"],
  ["2027-04-21", "ערב פסח"],
])("%s is %s", (date, name) => {
  expect(holidayOn(date)?.he).toBe(name);
});

test("an ordinary day, a middle day of a festival and Purim are working days", () => {
  for (const date of ["2026-11-24", "2026-09-28", "2026-03-03"]) {
    expect(holidayOn(date)).toBeNull();
  }
});

test("only a business in Israel keeps them", () => {
  expect(keepsIsraeliHolidays("Asia/Jerusalem")).toBe(true);
  expect(keepsIsraeliHolidays("Europe/Berlin")).toBe(false);
});
