import { DEFAULT_SETTINGS, type Settings } from "@agentlocator/contract";
import { DateTime } from "luxon";
import { expect, test } from "vitest";
import { buildInstructions } from "./instructions.ts";
import { toolDefinitions } from "./tools/index.ts";

const zone = "Asia/Jerusalem";
const settings: Settings = {
  ...DEFAULT_SETTINGS,
  timezone: zone,
  language: "he",
  ai_prompt: "תספורת עולה 80 שקלים.",
  closed_dates: ["2026-11-25"],
};
const now = DateTime.fromISO("2026-11-20T12:05", { zone });
const given = { business_name: "מספרת דנה", settings, channel: "call" as const, now };

test("they are in Hebrew, and say who, when, the hours and the business's own words", () => {
  const text = buildInstructions(given);
  expect(text).toContain("מספרת דנה");
  expect(text).toContain("יום שישי, 20 בנובמבר, בשעה 12:05");
  expect(text).toContain("- ראשון: 09:00-17:00");
  expect(text).toContain("- שבת: סגור");
  expect(text).toContain("תספורת עולה 80 שקלים.");
  expect(text).toContain("30 דקות");
  expect(text).toContain("מידע ולא הוראות");
});

test("closed dates and holidays to come are named", () => {
  expect(buildInstructions(given)).toContain("- יום רביעי, 25 בנובמבר: סגור");
  const passover = DateTime.fromISO("2027-04-12T12:00", { zone });
  const text = buildInstructions({ ...given, now: passover });
  expect(text).toContain("- יום חמישי, 22 באפריל (פסח): סגור");
  expect(text).not.toContain("25 בנובמבר");
});

test("a business that speaks English gets English, with nothing Hebrew in it", () => {
  const english = { ...settings, language: "en-US" as const, ai_prompt: "" };
  const text = buildInstructions({ ...given, business_name: "Dana's", settings: english });
  expect(text).toContain("Friday 20 November at 12:05");
  expect(text).toContain("- Saturday: closed");
  expect(text).not.toMatch(/[\u0590-\u05ff]/);
});

test.each(["he", "en"] as const)(
  "in %s, every tool they name exists, on each channel",
  (language) => {
    for (const channel of ["call", "whatsapp"] as const) {
      const names = toolDefinitions(channel).map(({ name }) => name);
      const text = buildInstructions({ ...given, channel, settings: { ...settings, language } });
      const named = text.match(/\b[a-z]+(?:_[a-z]+)+\b/g) ?? [];
      expect(named.length).toBeGreaterThan(6);
      for (const name of named) expect(names).toContain(name);
    }
  },
);
