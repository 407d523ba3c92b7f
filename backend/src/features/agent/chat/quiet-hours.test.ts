import { DateTime } from "luxon";
import { expect, test } from "vitest";
import { quietUntil } from "./quiet-hours.ts";

const NIGHT = { from: "22:00", to: "08:00" };
const NOON = { from: "13:00", to: "14:30" };

test.each([
  [NIGHT, "2026-11-20T21:59", null],
  [NIGHT, "2026-11-20T22:00", "2026-11-21T08:00"],
  [NIGHT, "2026-11-21T00:30", "2026-11-21T08:00"],
  [NIGHT, "2026-11-21T07:59", "2026-11-21T08:00"],
  [NIGHT, "2026-11-21T08:00", null],
  [NOON, "2026-11-20T12:59", null],
  [NOON, "2026-11-20T13:00", "2026-11-20T14:30"],
  [NOON, "2026-11-20T14:30", null],
  [null, "2026-11-20T03:00", null],
  // The clocks go forward in this night.
  [NIGHT, "2026-03-26T23:00", "2026-03-27T08:00"],
])("%j at %s", (quiet, now, until) => {
  const zone = "Asia/Jerusalem";
  const end = quietUntil(quiet, DateTime.fromISO(now, { zone }));
  const shown = end && DateTime.fromJSDate(end, { zone }).toFormat("yyyy-MM-dd'T'HH:mm");
  expect(shown).toBe(until);
});
