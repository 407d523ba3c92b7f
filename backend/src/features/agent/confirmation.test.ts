import { DateTime } from "luxon";
import { describe, expect, test } from "vitest";
import { readAnswer, type Answer } from "./confirmation.ts";

const zone = "Asia/Jerusalem";
const now = DateTime.fromISO("2026-11-20T12:00", { zone });
/** Tuesday 24 November 2026, ten in the morning. */
const tuesday = DateTime.fromISO("2026-11-24T10:00", { zone });
const kind = (text: string, proposed: DateTime | null = tuesday) =>
  readAnswer(text, proposed, now).kind;

const table: Record<Answer["kind"], string[]> = {
  confirm: [
    "כן, מאשר",
    "כן, מאשרת",
    "כן",
    "כן.",
    "כן כן",
    "כֵּן, מְאַשֵּׁר",
    "מאשרת",
    "מאשר, תודה רבה",
    "אני מאשר את התור",
    "בסדר גמור תקבע",
    "בסדר גמור, תקבעי לי בבקשה",
    "כן בטח, סגור",
    "אוקיי, סגרנו",
    "כן בבקשה",
    "כן, אני רוצה לקבוע",
    "כן, למה לא",
    "כן, אין בעיה",
    "בוודאי",
    "כן, יום שלישי בעשר",
    "כן, ביום ג' בשעה 10:00 מתאים לי",
    "מאשר ליום שלישי ה-24 בנובמבר ב-10:00",
    "כן. שלישי בעשר בבוקר. תודה",
    "תקבע ל-24.11 ב-10",
    "Yes, I confirm",
    "yes please",
    "Yes, Tuesday at ten works for me",
    "Sure, go ahead and book it",
    "yes that one is fine",
  ],
  likely: [
    "בסדר",
    "אוקיי",
    "סבבה, מתאים לי",
    "יופי תודה",
    "שלישי בעשר",
    "כן כן, קבע לי את זה על השם דנה",
    "כן, מאשר. מה הכתובת?",
    "okay",
    "yes, my name is Dana",
  ],
  reject: [
    "לא",
    "לא, תודה",
    "ממש לא",
    "לא, מאשר?",
    "לא מאשר",
    "לא מתאים לי",
    "בטח שלא",
    "כן, לא",
    "עזוב, התחרטתי",
    "תבטל את זה",
    "אני לא יכול",
    "no",
    "No, thank you",
    "I don't confirm",
  ],
  other_time: [
    "כן אבל בארבע",
    "כן, בארבע",
    "כן, אבל ביום רביעי",
    "כן, יום ד' בעשר",
    "כן, מאשר ליום חמישי",
    "בסדר גמור תקבע למחר",
    "כן, רק בשעה אחרת",
    "אפשר יותר מאוחר?",
    "כן, בעשר וחצי",
    "כן, עשר ורבע",
    "כן, 10:30",
    "כן, ב-25 בנובמבר",
    "כן, בעשר בערב",
    "כן, בשבוע הבא",
    "לא, עדיף בחמש",
    "yes, but at four",
    "yes, on Wednesday",
    "confirm for 11:00",
    "can we do it later",
  ],
  not_yet: [
    "מאשר?",
    "כן, מאשר?",
    "כן אבל כמה זה עולה",
    "כמה זה עולה?",
    "מה הכתובת",
    "אולי",
    "רגע, אני בודק ביומן",
    "כן, רגע",
    "אני לא בטוח",
    "אני צריך לחשוב על זה",
    "אני כן רוצה אבל אני לא זוכר אם אני פנוי",
    "yes, but how much is it",
    "not sure",
    "wait a second",
  ],
  unclear: ["", "...", "אני גר בתל אביב", "תודה", "שמי דנה כהן", "hello", "אני רוצה תור"],
};

describe.each(Object.entries(table))("%s", (expected, texts) => {
  test.each(texts)("«%s»", (text) => {
    expect(kind(text)).toBe(expected);
  });
});

test("only words of booking make a confirmation explicit", () => {
  expect(readAnswer("כן, מאשר", null, now)).toEqual({ kind: "confirm", explicit: true });
  expect(readAnswer("כן", null, now)).toEqual({ kind: "confirm", explicit: false });
});

test("with no exact time proposed, a named time is another time", () => {
  expect(kind("כן, בעשר", null)).toBe("other_time");
  expect(kind("כן, מאשר", null)).toBe("confirm");
});

test.each([
  ["כן, מחר בשתיים", "2026-11-21T14:00", "confirm"],
  ["כן, היום בשתיים", "2026-11-21T14:00", "other_time"],
  ["כן, באחת", "2026-11-24T13:00", "confirm"],
  ["כן, באחת עשרה", "2026-11-24T11:00", "confirm"],
  ["כן, בשתים עשרה וחצי", "2026-11-24T12:30", "confirm"],
  ["כן, בעשר", "2026-11-24T11:00", "other_time"],
  // The fourth of the month is not four o'clock.
  ["כן, בארבע", "2026-11-04T10:00", "other_time"],
  ["כן, ב-4", "2026-11-04T10:00", "other_time"],
  ["yes, 22:00", "2026-11-24T10:00", "other_time"],
])("«%s» of %s is %s", (text, proposed, expected) => {
  expect(kind(text, DateTime.fromISO(proposed, { zone }))).toBe(expected);
});
