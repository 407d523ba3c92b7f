import { describe, expect, test } from "vitest";
import { splitHeard } from "../src/features/calls/heard.ts";
import { answerFigures } from "../src/features/calls/ledger.ts";
import { displayPhone } from "../src/ui/phone.ts";
import { addMinutes, zonedIso, zonedParts } from "../src/ui/zoned.ts";

const turn = (text: string, heard_text: string | null, role: "agent" | "caller" = "agent") => ({
  seq: 1,
  role,
  text,
  heard_text,
  interrupted: heard_text !== null,
  started_at: "2026-11-20T10:00:00Z",
});

describe("what was heard of an utterance", () => {
  test.each([
    ["all of it", turn("שלום לכם", null), "שלום לכם", ""],
    ["its beginning", turn("יש פנוי בתשע ובעשר", "יש פנוי בתשע "), "יש פנוי בתשע", "ובעשר"],
    ["nothing", turn("יש פנוי", ""), "", "יש פנוי"],
    ["other words than were generated", turn("at nine", "at 9"), "at 9", "at nine"],
    ["the caller's own words", turn("כן", null, "caller"), "כן", ""],
  ])("%s", (_name, given, heard, unheard) => {
    expect(splitHeard(given)).toEqual({ heard, unheard });
  });
});

test("the middle and the slowest answer of a call", () => {
  const ledger = { greeting_ms: 1, barge_ins: [], silences_over_3s: 0, fallback_reason: null };
  expect(answerFigures({ ...ledger, answers_ms: [] })).toBeNull();
  expect(answerFigures({ ...ledger, answers_ms: [900, 3000, 1200] })).toEqual({
    median: 1200,
    slowest: 3000,
  });
});

test.each([
  ["+972501234567", "050-123-4567"],
  ["+97231234567", "03-123-4567"],
  ["+14155550123", "+14155550123"],
])("%s is written %s", (phone, shown) => expect(displayPhone(phone)).toBe(shown));

test("a clock time is the business's own, on both sides of the clock change", () => {
  const zone = "Asia/Jerusalem";
  expect(zonedIso("2026-10-24", "09:30", zone)).toBe("2026-10-24T09:30:00+03:00");
  expect(zonedIso("2026-10-26", "09:30", zone)).toBe("2026-10-26T09:30:00+02:00");
  expect(zonedParts("2026-10-26T07:30:00Z", zone)).toEqual({ date: "2026-10-26", clock: "09:30" });
  expect(addMinutes("2026-10-26T07:30:00Z", 45)).toBe("2026-10-26T08:15:00.000Z");
});
