import type { DateTime } from "luxon";

const WEEKDAY_WORDS: Readonly<Record<string, number>> = {
  ...numbered(["שני", "שלישי", "רביעי", "חמישי", "שישי", "שבת", "ראשון"]),
  ...numbered(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]),
};
const MONTH_WORDS: Readonly<Record<string, number>> = {
  ...numbered("ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר".split(" ")),
  ...numbered(
    `january february march april may june july august september october november december`.split(
      " ",
    ),
  ),
};
const HOUR_WORDS: Readonly<Record<string, number>> = {
  ...numbered("אחת שתיים שלוש ארבע חמש שש שבע שמונה תשע עשר".split(" ")),
  ...numbered("one two three four five six seven eight nine ten eleven twelve".split(" ")),
  שתים: 2,
};
const RELATIVE_DAYS: Readonly<Record<string, number>> = {
  היום: 0,
  מחר: 1,
  מחרתיים: 2,
  today: 0,
  tomorrow: 1,
};
/** Words that more often count than tell the hour, unless «at» or «בשעה» stands before them. */
const COUNTING = new Set(["אחת", "one"]);
/** Parts of the day, as the hours in which they may begin: `[from, to)`. */
const DAY_PARTS: Readonly<Record<string, readonly [number, number]>> = {
  בבוקר: [0, 12],
  בצהריים: [11, 16],
  הצהריים: [12, 19],
  אחהצ: [12, 19],
  בערב: [17, 24],
  בלילה: [19, 24],
  morning: [0, 12],
  am: [0, 12],
  noon: [11, 14],
  afternoon: [12, 19],
  evening: [17, 24],
  pm: [12, 24],
};
/** A time is meant, but not one that can be compared here. */
const VAGUE = new Set(
  (
    "רבע לרבע ורבע לפני אחרי עשרים ועשרים שלושים ושלושים ארבעים חמישים שבוע השבוע בשבוע " +
    "שבועיים חודש החודש לחודש quarter past before after week weeks month twenty thirty"
  ).split(" "),
);

function numbered(words: readonly string[]): Record<string, number> {
  return Object.fromEntries(words.map((word, i) => [word, i + 1]));
}

/** The words of a clause that name a time, and whether all of them fit the proposed one. */
export interface TimeMention {
  /** Words left when the time is taken out. */
  rest: string[];
  mentioned: boolean;
  agrees: boolean;
}

/**
 * Compares every time named in `words` with the proposed one (in the business's zone; null: there
 * is none, and nothing agrees). What cannot be compared with certainty does not agree.
 */
export function compareTime(
  words: readonly string[],
  proposed: DateTime | null,
  now: DateTime,
): TimeMention {
  const rest: string[] = [];
  const verdicts: boolean[] = [];
  for (let i = 0; i < words.length; i += 1) {
    const reading = readTime(words, i);
    if (reading === null) {
      rest.push(words[i]!);
      continue;
    }
    i += reading.length - 1;
    verdicts.push(proposed !== null && reading.fits(proposed, now));
  }
  return { rest, mentioned: verdicts.length > 0, agrees: verdicts.every(Boolean) };
}

interface Reading {
  /** How many words it took. */
  length: number;
  fits(proposed: DateTime, now: DateTime): boolean;
}

function readTime(words: readonly string[], i: number): Reading | null {
  const word = words[i]!;
  if (VAGUE.has(word)) return { length: 1, fits: () => false };
  const part = DAY_PARTS[word];
  if (part) return { length: 1, fits: ({ hour }) => part[0] <= hour && hour < part[1] };
  const days = RELATIVE_DAYS[withoutPrefix(word, (stem) => stem in RELATIVE_DAYS)];
  if (days !== undefined) {
    return { length: 1, fits: (at, now) => at.hasSame(now.plus({ days }), "day") };
  }
  const bare = withoutPrefix(word, (stem) => stem in WEEKDAY_WORDS || stem in MONTH_WORDS);
  const weekday = WEEKDAY_WORDS[bare];
  if (weekday) return { length: 1, fits: (at) => at.weekday === weekday };
  const month = MONTH_WORDS[bare];
  if (month) return { length: 1, fits: (at) => at.month === month };
  return readLetter(words, i) ?? readNumber(words, i);
}

/** «יום ג׳»: a weekday by its letter. */
function readLetter(words: readonly string[], i: number): Reading | null {
  const letter = "אבגדהו".indexOf(words[i]!);
  if (words[i]!.length !== 1 || letter < 0 || !/^[בלה]?יום$/.test(words[i - 1] ?? "")) return null;
  return { length: 1, fits: (at) => at.weekday % 7 === letter };
}

function readNumber(words: readonly string[], i: number): Reading | null {
  // The «ב» of «ב-10» stands alone once the hyphen is gone. «10.30» may be a date or a time.
  const pair = /^[בלה]?(\d{1,2})[./](\d{1,2})(?:[./]\d{2,4})?$/.exec(words[i]!);
  if (pair) {
    const [first, second] = [Number(pair[1]), Number(pair[2])];
    const asClock = clock(words, i, 1, first, second);
    const isDate = (at: DateTime) => at.day === first && at.month === second;
    return { length: 1, fits: (at, now) => isDate(at) || asClock.fits(at, now) };
  }
  const digits = /^[בלה]?(\d{1,2})(?::(\d{2}))?$/.exec(words[i]!);
  if (digits) {
    const number = Number(digits[1]);
    if (digits[2] === undefined && isMonth(words[i + 1])) {
      return { length: 1, fits: (at) => at.day === number };
    }
    return clock(words, i, 1, number, digits[2] === undefined ? null : Number(digits[2]));
  }
  const stem = withoutPrefix(words[i]!, (candidate) => candidate in HOUR_WORDS);
  const hour = HOUR_WORDS[stem];
  if (hour === undefined) return null;
  const teen = words[i + 1] === "עשרה" && hour <= 2;
  if (!teen && COUNTING.has(words[i]!) && !/^(ב?שעה|at|for)$/.test(words[i - 1] ?? "")) return null;
  if (teen) return clock(words, i, 2, hour + 10, null);
  return clock(words, i, 1, hour, null);
}

/** An hour, with the half that may follow it. Twelve-hour speech fits both halves of the day. */
function clock(
  words: readonly string[],
  i: number,
  taken: number,
  hour: number,
  minute: number | null,
): Reading {
  const half = words[i + taken] === "וחצי";
  const minutes = minute ?? (half ? 30 : 0);
  return {
    length: half ? taken + 1 : taken,
    fits: (at) =>
      at.minute === minutes && (at.hour === hour || (hour <= 12 && at.hour % 12 === hour % 12)),
  };
}

function isMonth(word: string | undefined): boolean {
  return word !== undefined && withoutPrefix(word, (stem) => stem in MONTH_WORDS) in MONTH_WORDS;
}

/** Takes off one Hebrew prefix letter (in, to, the, and) when what remains is known. */
function withoutPrefix(word: string, known: (stem: string) => boolean): string {
  return !known(word) && /^[בלהו]/.test(word) && known(word.slice(1)) ? word.slice(1) : word;
}
