/** A day on which an Israeli business is shut (`closed`) or shuts early (`eve`). */
export interface Holiday {
  kind: "closed" | "eve";
  he: string;
  en: string;
}

const closed = (he: string, en: string): Holiday => ({ kind: "closed", he, en });
const eve = (he: string, en: string): Holiday => ({ kind: "eve", he, en });

/** The statutory days of rest and their eves that have a fixed day in the Hebrew year. */
const FIXED: Readonly<Record<string, Holiday>> = {
  "Elul 29": eve("ערב ראש השנה", "Rosh Hashanah eve"),
  "Tishri 1": closed("ראש השנה", "Rosh Hashanah"),
  "Tishri 2": closed("ראש השנה", "Rosh Hashanah"),
  "Tishri 9": eve("ערב יום כיפור", "Yom Kippur eve"),
  "Tishri 10": closed("יום כיפור", "Yom Kippur"),
  "Tishri 14": eve("ערב סוכות", "Sukkot eve"),
  "Tishri 15": closed("סוכות", "Sukkot"),
  "Tishri 21": eve("הושענא רבה", "Hoshana Rabbah"),
  "Tishri 22": closed("שמחת תורה", "Simchat Torah"),
  "Nisan 14": eve("ערב פסח", "Passover eve"),
  "Nisan 15": closed("פסח", "Passover"),
  "Nisan 20": eve("ערב שביעי של פסח", "Seventh day of Passover eve"),
  "Nisan 21": closed("שביעי של פסח", "Seventh day of Passover"),
  "Sivan 5": eve("ערב שבועות", "Shavuot eve"),
  "Sivan 6": closed("שבועות", "Shavuot"),
};

const MEMORIAL = eve("יום הזיכרון", "Memorial Day");
const INDEPENDENCE = closed("יום העצמאות", "Independence Day");

/** The first Hebrew year (2004) in which a Monday 5 Iyar is put off to Tuesday. */
const MONDAY_RULE_SINCE = 5764;

const hebrew = new Intl.DateTimeFormat("en-u-ca-hebrew", {
  timeZone: "UTC",
  year: "numeric",
  month: "long",
  day: "numeric",
});

/**
 * The Israeli holiday on a calendar day, or null on an ordinary one.
 * `date` is `YYYY-MM-DD`. Intermediate days of a festival are ordinary working days.
 */
export function holidayOn(date: string): Holiday | null {
  const day = new Date(`${date}T00:00:00Z`);
  const parts = new Map(hebrew.formatToParts(day).map((part) => [part.type, part.value]));
  const month = parts.get("month") ?? "";
  const dayOfMonth = Number(parts.get("day"));
  if (month === "Iyar") {
    const independence = independenceDay(dayOfMonth, day.getUTCDay(), Number(parts.get("year")));
    if (dayOfMonth === independence) return INDEPENDENCE;
    if (dayOfMonth === independence - 1) return MEMORIAL;
  }
  return FIXED[`${month} ${dayOfMonth}`] ?? null;
}

/**
 * The day of Iyar on which Independence Day is kept, worked out from any day of that month:
 * 5 Iyar, moved so that neither it nor Memorial Day before it touches the Sabbath.
 */
function independenceDay(dayOfMonth: number, weekday: number, year: number): number {
  const weekdayOfFifth = (((weekday + 5 - dayOfMonth) % 7) + 7) % 7;
  if (weekdayOfFifth === 5) return 4;
  if (weekdayOfFifth === 6) return 3;
  if (weekdayOfFifth === 1 && year >= MONDAY_RULE_SINCE) return 6;
  return 5;
}

const ISRAELI_ZONES = new Set(["Asia/Jerusalem", "Asia/Tel_Aviv", "Israel"]);

/** Whether a business in this IANA zone keeps the Israeli holidays. */
export function keepsIsraeliHolidays(timezone: string): boolean {
  return ISRAELI_ZONES.has(timezone);
}
