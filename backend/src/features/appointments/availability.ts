import { WEEKDAYS, type BusinessHours, type Weekday } from "@agentlocator/contract";
import { DateTime, IANAZone } from "luxon";
import { holidayOn, keepsIsraeliHolidays, type Holiday } from "./holidays.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** What decides when a business can be booked. All of it comes from its settings. */
export interface Diary {
  /** IANA zone in which the hours are meant. */
  timezone: string;
  business_hours: BusinessHours;
  /** Length of a slot and the distance between two, in minutes. */
  slot_minutes: number;
  /** `YYYY-MM-DD` days on which the business is closed. */
  closed_dates: readonly string[];
}

/** A half-open stretch of time: `ends_at` belongs to what follows. */
export interface Span {
  starts_at: Date;
  ends_at: Date;
}

/** Why a day has no ordinary hours, for an honest answer to a customer. */
export interface DayRule {
  hours: readonly (readonly [string, string])[];
  holiday: Holiday | null;
}

/** The opening hours of one local day, after closed dates and holidays. */
export function hoursOn(diary: Diary, date: string): DayRule {
  const holiday = keepsIsraeliHolidays(diary.timezone) ? holidayOn(date) : null;
  const shut = holiday?.kind === "closed" || diary.closed_dates.includes(date);
  if (shut) return { hours: [], holiday };
  const ordinary = diary.business_hours[weekdayOf(date)] ?? [];
  if (holiday?.kind !== "eve") return { hours: ordinary, holiday };
  return { hours: common(ordinary, diary.business_hours.fri ?? []), holiday };
}

/**
 * Every slot a local day (`YYYY-MM-DD`) offers, in order, before looking at what is booked.
 * Slots follow the wall clock from each opening time. In spring a start inside the skipped hour
 * does not exist; in autumn the repeated hour is offered once, at its first passing.
 */
export function slotsOn(diary: Diary, date: string): Span[] {
  const clock = wallClock(date, IANAZone.create(diary.timezone));
  const slots: Span[] = [];
  let free_from = -Infinity;
  for (const [from, to] of hoursOn(diary, date).hours) {
    const closes = clock(minutesOf(to)).at;
    for (let at = minutesOf(from); at < minutesOf(to); at += diary.slot_minutes) {
      const starts = clock(at);
      const ends = starts.at + diary.slot_minutes * MINUTE;
      if (!starts.exists || ends > closes || starts.at < free_from) continue;
      free_from = ends;
      slots.push({ starts_at: new Date(starts.at), ends_at: new Date(ends) });
    }
  }
  return slots;
}

export interface FreeSlotsQuery {
  /** Only slots that start in `[from, to)`. */
  from: Date;
  to: Date;
  /** What is booked already, in any order. */
  taken: readonly Span[];
  /** Nothing before this moment is offered: now, plus any lead time. */
  not_before: Date;
}

/** The slots that can still be booked, in order. */
export function freeSlots(diary: Diary, { from, to, taken, not_before }: FreeSlotsQuery): Span[] {
  const earliest = from > not_before ? from : not_before;
  const slots: Span[] = [];
  let day = DateTime.fromJSDate(earliest, { zone: diary.timezone }).startOf("day");
  while (day.toJSDate() < to) {
    for (const slot of slotsOn(diary, day.toISODate()!)) {
      const wanted = slot.starts_at >= earliest && slot.starts_at < to;
      if (wanted && !taken.some((span) => overlap(span, slot))) slots.push(slot);
    }
    day = day.plus({ days: 1 }).startOf("day");
  }
  return slots;
}

/** The slot that starts exactly then, or null when the business offers none (booked or not). */
export function slotIsOffered(diary: Diary, starts_at: Date): Span | null {
  const date = DateTime.fromJSDate(starts_at, { zone: diary.timezone }).toISODate()!;
  const same = (slot: Span) => slot.starts_at.getTime() === starts_at.getTime();
  return slotsOn(diary, date).find(same) ?? null;
}

export function overlap(a: Span, b: Span): boolean {
  return a.starts_at < b.ends_at && b.starts_at < a.ends_at;
}

function weekdayOf(date: string): Weekday {
  return WEEKDAYS[new Date(`${date}T00:00:00Z`).getUTCDay()]!;
}

function minutesOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
}

/** A wall-clock minute as an instant in milliseconds; `exists` is false in an hour that is skipped. */
type WallClock = (minutes: number) => { at: number; exists: boolean };

/**
 * The wall clock of one day: when the clock goes back, the first of the two instants; when it
 * skips the minute, the one just after. Luxon leaves open which of the two it takes.
 */
function wallClock(date: string, zone: IANAZone): WallClock {
  const midnight = Date.parse(`${date}T00:00:00Z`);
  const before = zone.offset(midnight - DAY) * MINUTE;
  const after = zone.offset(midnight + 2 * DAY) * MINUTE;
  return (minutes) => {
    const wall = midnight + minutes * MINUTE;
    // Asking the zone costs microseconds a slot, and almost every day is like this one.
    if (before === after) return { at: wall - before, exists: true };
    const guesses = [wall - Math.max(before, after), wall - Math.min(before, after)];
    const real = guesses.find((at) => at + zone.offset(at) * MINUTE === wall);
    return { at: real ?? guesses[1]!, exists: real !== undefined };
  };
}

/** The hours two days have in common. */
function common(a: DayRule["hours"], b: DayRule["hours"]): DayRule["hours"] {
  const later = (x: string, y: string) => (x > y ? x : y);
  const earlier = (x: string, y: string) => (x < y ? x : y);
  return a.flatMap(([from, to]) =>
    b
      .map(([open, close]) => [later(from, open), earlier(to, close)] as const)
      .filter(([start, end]) => start < end),
  );
}
