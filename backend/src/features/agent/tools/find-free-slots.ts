import { DateTime } from "luxon";
import { z } from "zod";
import { hoursOn, type Span } from "../../appointments/index.ts";
import { spokenDay } from "../phrases.ts";
import { freeIn } from "../slots.ts";
import { defineTool, refused, type ToolScope } from "../tool.ts";
import { DateField } from "./fields.ts";

const MAX_DAYS = 14;
const DAYS_SHOWN = 3;

/** The hours in which a slot of each part of the day starts: `[from, to)`. */
const PARTS = { morning: [0, 12], afternoon: [12, 17], evening: [17, 24] } as const;

export const findFreeSlots = defineTool({
  name: "find_free_slots",
  description:
    "Looks up free appointment times. Use it before naming any time. Without dates it looks from " +
    "today on. It answers with the first days that have free times; offer the customer two or three.",
  input: z.object({
    from_date: DateField.optional(),
    to_date: DateField.optional().describe("Last day to look at, YYYY-MM-DD"),
    part_of_day: z.enum(["morning", "afternoon", "evening"]).optional(),
  }),
  async run(scope, { from_date, to_date, part_of_day }) {
    const { now, phrases, settings } = scope;
    const zone = settings.timezone;
    const today = now.startOf("day");
    const first = from_date ? DateTime.max(DateTime.fromISO(from_date, { zone }), today) : today;
    const asked = to_date
      ? DateTime.fromISO(to_date, { zone })
      : first.plus({ days: MAX_DAYS - 1 });
    if (asked < first) return refused("to_date_before_from_date");
    const last = DateTime.min(asked, first.plus({ days: MAX_DAYS - 1 }));
    const free = await freeIn(scope, first, last.plus({ days: 1 }));
    const days = byDay(scope, part_of_day ? free.filter(inPart(zone, part_of_day)) : free);
    return {
      output: {
        ok: true,
        days: days.slice(0, DAYS_SHOWN),
        more_days_with_free_times: Math.max(0, days.length - DAYS_SHOWN),
        looked_from: spokenDay(phrases, first),
        looked_to: spokenDay(phrases, last),
        ...(days.length === 0 && {
          message: "no free times",
          closed: closedDays(scope, first, last),
        }),
      },
    };
  },
});

function byDay({ phrases, settings }: ToolScope, slots: readonly Span[]) {
  const days = new Map<string, { date: string; day: string; times: string[] }>();
  for (const { starts_at } of slots) {
    const at = DateTime.fromJSDate(starts_at, { zone: settings.timezone });
    const date = at.toISODate()!;
    const day = days.get(date) ?? { date, day: spokenDay(phrases, at), times: [] };
    day.times.push(at.toFormat("HH:mm"));
    days.set(date, day);
  }
  return [...days.values()];
}

function inPart(zone: string, part: keyof typeof PARTS) {
  const [from, to] = PARTS[part];
  return ({ starts_at }: Span) => {
    const { hour } = DateTime.fromJSDate(starts_at, { zone });
    return from <= hour && hour < to;
  };
}

/** The days without opening hours, with the holiday that is the reason. */
function closedDays({ phrases, settings }: ToolScope, first: DateTime, last: DateTime): string[] {
  const closed: string[] = [];
  for (let day = first; day <= last; day = day.plus({ days: 1 })) {
    const { hours, holiday } = hoursOn(settings, day.toISODate()!);
    if (hours.length > 0) continue;
    const name = holiday && (phrases.locale === "he" ? holiday.he : holiday.en);
    closed.push(name ? `${spokenDay(phrases, day)} (${name})` : spokenDay(phrases, day));
  }
  return closed;
}
