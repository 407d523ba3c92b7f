import { GivenTime, Id, Slot } from "@agentlocator/contract";
import { DateTime } from "luxon";
import { z } from "zod";
import { problem } from "../../http/problem.ts";
import { defineRoute } from "../../http/route.ts";
import { loadSettings } from "../settings/index.ts";
import { requireCalendar } from "./calendars.ts";
import { freeSlotsIn } from "./service.ts";

/** More than two months of slots at once is a mistake, and work for nothing. */
const MAX_DAYS = 62;

const When = z.union([GivenTime, z.iso.date()]);

export const availability = defineRoute({
  id: "listAvailability",
  method: "get",
  path: "/api/availability",
  summary: "Slots that can be booked, in order; from and to are times or whole days",
  access: { business: "appointments.read" },
  query: z.strictObject({ from: When, to: When, calendar_id: Id.optional() }),
  response: z.object({ items: z.array(Slot) }),
  handler: async ({ tx, query: { calendar_id, ...query } }) => {
    const settings = await loadSettings(tx);
    const from = instant(query.from, settings.timezone);
    const to = instant(query.to, settings.timezone, { days: 1 });
    if (to <= from || to.diff(from, "days").days > MAX_DAYS + 1) {
      throw problem(400, "invalid_input", `Ask for a span of up to ${MAX_DAYS} days.`, {
        errors: [{ path: "query.to", message: `must be after from, by ${MAX_DAYS} days at most` }],
      });
    }
    if (calendar_id) await requireCalendar(tx, calendar_id);
    const span = { from: from.toJSDate(), to: to.toJSDate(), not_before: new Date() };
    const slots = await freeSlotsIn(tx, settings, { ...span, calendar_id });
    return {
      items: slots.map(({ starts_at, ends_at }) => ({
        starts_at: starts_at.toISOString(),
        ends_at: ends_at.toISOString(),
      })),
    };
  },
});

/** A time as it is; a day as its beginning in the zone, plus `rest` when it is the last one. */
function instant(text: string, zone: string, rest: { days?: number } = {}): DateTime {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const at = DateTime.fromISO(text, { zone });
  return isDay ? at.plus(rest) : at;
}
