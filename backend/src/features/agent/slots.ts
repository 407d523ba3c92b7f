import { DateTime } from "luxon";
import { checkSlot, freeSlotsIn, type Span } from "../appointments/index.ts";
import { spokenTime } from "./phrases.ts";
import { refused, type ToolOutcome, type ToolScope } from "./tool.ts";

/** A slot that starts sooner than this can't be reached in time. */
const LEAD_MINUTES = 15;
const HORIZON_DAYS = 90;
const ALTERNATIVES = 3;
/** How far from a refused time others are looked for. */
const NEARBY_DAYS = 7;

/** A time as the model is told it: exact, and as one says it. */
export interface SpokenSlot {
  starts_at: string;
  when: string;
}

export function spokenSlot(scope: ToolScope, instant: Date | string): SpokenSlot {
  const at = DateTime.fromJSDate(new Date(instant), { zone: scope.settings.timezone });
  return {
    starts_at: at.toISO({ suppressMilliseconds: true })!,
    when: spokenTime(scope.phrases, at),
  };
}

/** The free slots that start in `[from, to)`, as far ahead as is booked by conversation. */
export function freeIn(
  scope: ToolScope,
  from: DateTime,
  to: DateTime,
  except_id?: number,
): Promise<Span[]> {
  const { tx, settings, now } = scope;
  const horizon = now.plus({ days: HORIZON_DAYS });
  const query = {
    from: from.toJSDate(),
    to: DateTime.min(to, horizon).toJSDate(),
    not_before: now.plus({ minutes: LEAD_MINUTES }).toJSDate(),
    except_id,
  };
  return freeSlotsIn(tx, settings, query);
}

/** The slot that starts then when it can be proposed, or the honest answer with others. */
export async function slotToPropose(
  scope: ToolScope,
  at: DateTime,
  except_id?: number,
): Promise<Span | ToolOutcome> {
  const not_before = scope.now.plus({ minutes: LEAD_MINUTES }).toJSDate();
  if (at > scope.now.plus({ days: HORIZON_DAYS })) {
    return refused("too_far_ahead", { days_ahead_at_most: HORIZON_DAYS });
  }
  const { tx, settings } = scope;
  const slot = await checkSlot(tx, settings, at.toJSDate(), { not_before, except_id });
  if (typeof slot !== "string") return slot;
  const alternatives = await nearbySlots(scope, at, except_id);
  return refused(slot, { asked: spokenTime(scope.phrases, at), alternatives });
}

/** The free slots nearest to a time that can't be had, earliest first. */
export async function nearbySlots(
  scope: ToolScope,
  at: DateTime,
  except_id?: number,
): Promise<SpokenSlot[]> {
  const from = at.startOf("day");
  const free = await freeIn(scope, from, from.plus({ days: NEARBY_DAYS }), except_id);
  const distance = ({ starts_at }: Span) => Math.abs(starts_at.getTime() - at.toMillis());
  return free
    .toSorted((a, b) => distance(a) - distance(b))
    .slice(0, ALTERNATIVES)
    .toSorted((a, b) => a.starts_at.getTime() - b.starts_at.getTime())
    .map(({ starts_at }) => spokenSlot(scope, starts_at));
}

/** What a tool is given as a day and an hour, in the business's zone; null when there is no such. */
export function localTime(scope: ToolScope, date: string, time: string): DateTime | null {
  const zone = scope.settings.timezone;
  const at = DateTime.fromISO(`${date}T${time}`, { zone });
  // In the hour that spring skips, luxon answers with another hour than was asked.
  if (!at.isValid || at.toFormat("HH:mm") !== time) return null;
  return at.getPossibleOffsets()[0]!;
}
