import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestBackend } from "../../../test/http.ts";
import type { TestBackend } from "../../../test/http.ts";
import { loadDashboard } from "./store.ts";

let backend: TestBackend;
let business_id: number;
let other_id: number;
beforeAll(async () => {
  backend = await createTestBackend();
  [business_id, other_id] = (await backend.db.inSystem((tx) =>
    tx
      .trx("businesses")
      .insert([{ name: "a" }, { name: "b" }])
      .returning("id")
      .then((rows) => rows.map(({ id }) => id)),
  )) as [number, number];
});
afterAll(() => backend.close());

let sids = 0;
const call = (started_at: string, status: string, answers_ms: number[] = [], id = business_id) =>
  backend.db.inBusiness(id, (tx) =>
    tx.trx("calls").insert({
      ...{ call_sid: `CA${++sids}`, business_id: id, from_number: "+972501234567", to_number: "x" },
      ...{ status, started_at, ledger: JSON.stringify({ answers_ms }) },
    }),
  );

const at = (time: string) =>
  backend.db.inBusiness(business_id, (tx) => loadDashboard(tx, Date.parse(time)));

test("a business without anything has zeros and 14 days", async () => {
  const figures = await at("2026-11-20T12:00:00+02:00");
  expect(figures).toMatchObject({ calls_today: 0, calls_live: 0, answer_ms_median: null });
  expect(figures.days).toHaveLength(14);
  expect(figures.days[0]).toEqual({
    date: "2026-11-07",
    ...{ calls: 0, answered: 0, fallback: 0, appointments_booked: 0 },
  });
  expect(figures.days.at(-1)!.date).toBe("2026-11-20");
});

test("today is the business's own day, and the median is over its answers", async () => {
  await call("2026-11-20T00:00:00+02:00", "completed", [800, 1200]);
  await call("2026-11-20T09:00:00+02:00", "completed", [1000]);
  await call("2026-11-20T09:30:00+02:00", "fallback");
  await call("2026-11-20T09:40:00+02:00", "failed");
  await call("2026-11-20T11:59:00+02:00", "active", [3000]);
  await call("2026-11-19T23:59:59+02:00", "completed", [9999]);
  await call("2026-11-07T00:00:00+02:00", "completed");
  await call("2026-11-06T23:59:59+02:00", "completed");
  await call("2026-11-20T09:00:00+02:00", "completed", [1], other_id);
  const figures = await at("2026-11-20T12:00:00+02:00");
  expect(figures).toMatchObject({
    calls_today: 5,
    calls_answered_today: 3,
    calls_fallback_today: 1,
    calls_live: 1,
    answer_ms_median: 1100,
  });
  const calls = figures.days.map((day) => day.calls);
  expect(calls).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 5]);
});

test("days are right across a change of the clock", async () => {
  // Israel goes to summer time at 02:00 on 27 March 2026; that day has 23 hours.
  await call("2026-03-27T00:30:00+02:00", "completed");
  await call("2026-03-27T23:30:00+03:00", "completed");
  await call("2026-03-28T00:30:00+03:00", "completed");
  const { days } = await at("2026-03-28T12:00:00+03:00");
  expect(days.slice(-3).map((day) => [day.date, day.calls])).toEqual([
    ["2026-03-26", 0],
    ["2026-03-27", 2],
    ["2026-03-28", 1],
  ]);
});

test("appointments, tasks and threads", async () => {
  const now = Date.now();
  const inHours = (hours: number) => new Date(now + hours * 3_600_000);
  await backend.db.inBusiness(business_id, async ({ trx }) => {
    await trx("businesses").where("id", business_id).update({ timezone: "UTC" });
    const [calendar] = await trx("calendars").insert({ business_id, name: "c" }).returning("id");
    const booking = { business_id, calendar_id: calendar.id, source: "console" };
    await trx("appointments").insert([
      { ...booking, starts_at: inHours(100), ends_at: inHours(101) },
      { ...booking, starts_at: inHours(100), ends_at: inHours(101), status: "cancelled" },
      { ...booking, starts_at: inHours(-100), ends_at: inHours(-99), status: "done" },
    ]);
    await trx("tasks").insert([
      { business_id, title: "open" },
      { business_id, title: "done", status: "done" },
    ]);
    const thread = { business_id, type: "whatsapp", provider: "baileys" };
    await trx("threads").insert([
      { ...thread, peer_number: "+972501", unread_count: 3 },
      { ...thread, peer_number: "+972502", unread_count: 0 },
    ]);
  });
  const figures = await backend.db.inBusiness(business_id, (tx) => loadDashboard(tx, now));
  expect(figures).toMatchObject({
    appointments_today: 0,
    appointments_upcoming: 1,
    appointments_booked_today: 3,
    tasks_open: 1,
    threads_unread: 1,
  });
  const then = await backend.db.inBusiness(business_id, (tx) =>
    loadDashboard(tx, inHours(100).getTime()),
  );
  expect(then.appointments_today).toBe(1);
});
