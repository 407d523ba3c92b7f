import type { QuietHours } from "@agentlocator/contract";
import type { DateTime } from "luxon";

/** When the quiet hours that `now` (in the business's zone) lies in are over; null outside of them. */
export function quietUntil(quiet: QuietHours | null, now: DateTime): Date | null {
  if (!quiet) return null;
  const { from, to } = quiet;
  const time = now.toFormat("HH:mm");
  const overMidnight = from > to;
  const inside = overMidnight ? time >= from || time < to : time >= from && time < to;
  if (!inside) return null;
  const [hour, minute] = to.split(":").map(Number) as [number, number];
  const end = now.startOf("day").plus({ days: overMidnight && time >= from ? 1 : 0 });
  return end.set({ hour, minute }).toJSDate();
}
