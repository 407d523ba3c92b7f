import type { Dashboard } from "@agentlocator/contract";
import { DateTime } from "luxon";
import type { BusinessTx } from "../../db/database.ts";

const DAYS = 14;

/** Calls by day; a call that is still going on is being answered. */
const CALLS = `
  select (started_at at time zone :zone)::date as date,
    count(*) as calls,
    count(*) filter (where status in ('active', 'completed')) as answered,
    count(*) filter (where status = 'fallback') as fallback
  from calls where started_at >= :since group by 1`;

const BOOKED = `
  select (created_at at time zone :zone)::date as date, count(*) as appointments_booked
  from appointments where created_at >= :since group by 1`;

const NOW = `
  select
    (select count(*) from calls where status in ('ringing', 'active')) as calls_live,
    (select percentile_cont(0.5) within group (order by ms::float8)
      from calls cross join lateral jsonb_array_elements_text(ledger -> 'answers_ms') as ms
      where started_at >= :today) as answer_ms_median,
    (select count(*) from appointments
      where status <> 'cancelled' and starts_at >= :today and starts_at < :tomorrow
    ) as appointments_today,
    (select count(*) from appointments
      where status = 'booked' and starts_at >= :now) as appointments_upcoming,
    (select count(*) from tasks where status = 'open') as tasks_open,
    (select count(*) from threads where unread_count > 0) as threads_unread`;

type Day = Dashboard["days"][number];

/** The figures of the business's first page as of `now`; its days are those of its time zone. */
export async function loadDashboard(tx: BusinessTx, now: number): Promise<Dashboard> {
  const { timezone: zone } = await tx
    .trx("businesses")
    .where("id", tx.business_id)
    .first<{ timezone: string }>("timezone");
  const today = DateTime.fromMillis(now, { zone }).startOf("day");
  const days = Array.from({ length: DAYS }, (_, n): Day => ({
    date: today.minus({ days: DAYS - 1 - n }).toISODate()!,
    calls: 0,
    answered: 0,
    fallback: 0,
    appointments_booked: 0,
  }));
  const since = today.minus({ days: DAYS - 1 }).toJSDate();
  const byDate = new Map(days.map((day) => [day.date, day]));
  for (const sql of [CALLS, BOOKED]) {
    const { rows } = await tx.trx.raw<{ rows: Partial<Day>[] }>(sql, { zone, since });
    for (const row of rows) Object.assign(byDate.get(row.date!) ?? {}, row);
  }
  const { rows } = await tx.trx.raw<{ rows: [Dashboard] }>(NOW, {
    now: new Date(now),
    today: today.toJSDate(),
    tomorrow: today.plus({ days: 1 }).toJSDate(),
  });
  const latest = days.at(-1)!;
  return {
    ...rows[0],
    calls_today: latest.calls,
    calls_answered_today: latest.answered,
    calls_fallback_today: latest.fallback,
    appointments_booked_today: latest.appointments_booked,
    days,
  };
}
