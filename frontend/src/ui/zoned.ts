import { Temporal } from "temporal-polyfill";

/** ISO 8601 with offset for a date (`2026-11-20`) and a clock time (`09:30`) in `zone`. */
export function zonedIso(date: string, clock: string, zone: string): string {
  const local = Temporal.PlainDate.from(date).toPlainDateTime(Temporal.PlainTime.from(clock));
  return local.toZonedDateTime(zone).toString({ timeZoneName: "never", smallestUnit: "second" });
}

/** The date and clock time that `iso` is in `zone`. */
export function zonedParts(iso: string, zone: string): { date: string; clock: string } {
  const local = Temporal.Instant.from(iso).toZonedDateTimeISO(zone);
  return {
    date: local.toPlainDate().toString(),
    clock: local.toPlainTime().toString({ smallestUnit: "minute" }),
  };
}

export function addMinutes(iso: string, minutes: number): string {
  return new Date(Date.parse(iso) + minutes * 60_000).toISOString();
}
