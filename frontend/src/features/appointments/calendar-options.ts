import type { CalendarOptions, EventInput } from "@fullcalendar/vue3";
import type { Appointment, BusinessHours, Settings } from "../../api/types.ts";
import { WEEKDAYS } from "../settings/index.ts";

/** Opening hours in FullCalendar's terms; the rest of the day is shaded. */
export function openingHours(hours: BusinessHours): CalendarOptions["businessHours"] {
  const open = WEEKDAYS.flatMap((day, index) =>
    (hours[day] ?? []).map(([startTime, endTime]) => ({
      daysOfWeek: [index],
      startTime,
      endTime,
    })),
  );
  return open.length ? open : false;
}

/** The hours worth showing: an hour around the earliest opening and the latest closing. */
export function shownHours(hours: BusinessHours): { slotMinTime: string; slotMaxTime: string } {
  const ranges = Object.values(hours).flat();
  const first = Math.min(8, ...ranges.map(([from]) => Number(from.slice(0, 2)) - 1));
  const last = Math.max(19, ...ranges.map(([, to]) => Math.ceil(Number(to.slice(0, 2)) + 1)));
  const clock = (hour: number) => `${String(hour).padStart(2, "0")}:00`;
  return { slotMinTime: clock(Math.max(0, first)), slotMaxTime: clock(Math.min(24, last)) };
}

export function toEvent(item: Appointment, untitled: string): EventInput {
  return {
    id: String(item.id),
    title: item.title || item.contact_name || untitled,
    start: item.starts_at,
    end: item.ends_at,
    editable: item.status === "booked",
    className: `appointment ${item.status} from-${item.source}`,
  };
}

/** Closed dates as shaded whole days. */
export function closedDays(settings: Settings | undefined, title: string): EventInput[] {
  return (settings?.closed_dates ?? []).map((date) => ({
    title,
    start: date,
    allDay: true,
    display: "background",
    className: "closed-day",
  }));
}
