import { DateTime } from "luxon";
import type { CompleteSlot } from "./pending-slot.ts";
import { spokenDay } from "./phrases.ts";
import { freeIn, localTime, slotToPropose, spokenSlot } from "./slots.ts";
import { refused, type Channel, type ToolOutcome, type ToolScope } from "./tool.ts";

/** How long an offer stands: as long as a talk on the telephone, or until a chat goes cold. */
const STANDS_MINUTES: Record<Channel, number> = { call: 15, whatsapp: 12 * 60 };

export type Proposal = { date: string; time: string } & Pick<
  CompleteSlot,
  "title" | "customer_name" | "appointment_id"
>;

/**
 * Puts an exact time on the table, in place of whatever was there: a yes that was meant for an
 * earlier time must not book it once another one is talked about.
 */
export async function propose(
  scope: ToolScope,
  { date, time, ...about }: Proposal,
): Promise<ToolOutcome> {
  await scope.setPending(null);
  const at = localTime(scope, date, time);
  if (!at) return refused("no_such_time");
  const slot = await slotToPropose(scope, at, about.appointment_id ?? undefined);
  if ("output" in slot) return slot;
  await scope.setPending({
    ...about,
    ...stands(scope),
    starts_at: slot.starts_at.toISOString(),
    ends_at: slot.ends_at.toISOString(),
    spoken_since: false,
  });
  const { when } = spokenSlot(scope, slot.starts_at);
  scope.log.info({ starts_at: slot.starts_at }, "[NLP] slot proposed");
  return { output: { ok: true, proposed: when, message: scope.phrases.read_back(when) } };
}

/** Remembers the day; the customer still has to name a time. */
export async function proposeDay(scope: ToolScope, date: string): Promise<ToolOutcome> {
  await scope.setPending(null);
  const day = DateTime.fromISO(date, { zone: scope.settings.timezone });
  const free = await freeIn(scope, day, day.plus({ days: 1 }));
  if (free.length === 0)
    return refused("no_free_times_that_day", { day: spokenDay(scope.phrases, day) });
  await scope.setPending({ ...stands(scope), date, starts_at: null });
  return {
    output: {
      ok: true,
      day: spokenDay(scope.phrases, day),
      free_times: free.map(({ starts_at }) => spokenSlot(scope, starts_at).starts_at.slice(11, 16)),
      message: scope.phrases.ask_time,
    },
  };
}

function stands({ now, channel }: ToolScope): { proposed_at: string; expires_at: string } {
  const expires_at = now.plus({ minutes: STANDS_MINUTES[channel] });
  return { proposed_at: now.toUTC().toISO()!, expires_at: expires_at.toUTC().toISO()! };
}
