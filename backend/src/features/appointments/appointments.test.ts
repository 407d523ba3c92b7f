import { DateTime } from "luxon";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Browser } from "../../../test/browser.ts";
import { createPeople, type TestPeople } from "../../../test/people.ts";
import { holidayOn } from "./holidays.ts";
import { appointmentRoutes } from "./routes.ts";
import { book } from "./service.ts";

let world: TestPeople;
let api: Browser;
let ours: number;
let theirs: number;

beforeAll(async () => {
  world = await createPeople({ routes: appointmentRoutes });
  const business = await world.business();
  [api, ours, theirs] = [business.owner, business.id, (await world.business()).id];
});
afterAll(() => world.close());
beforeEach(() => world.db.inSystem(({ trx }) => trx("appointments").delete()));

/** An ordinary Tuesday far enough ahead, by the business's clock. */
let day = DateTime.now().setZone("Asia/Jerusalem").plus({ weeks: 2 }).set({ weekday: 2 });
while (holidayOn(day.toISODate()!)) day = day.plus({ weeks: 1 });
const at = (clock: string) => `${day.toISODate()}T${clock}:00${day.toFormat("ZZ")}`;
const instant = (clock: string) => new Date(at(clock));
const span = (from: string, to: string) => ({ starts_at: instant(from), ends_at: instant(to) });

const bookOurs = (from: string, to: string) =>
  world.db.inBusiness(ours, (tx) =>
    book(tx, { ...span(from, to), contact_id: null, title: "", source: "call" }),
  );

test("a booked appointment is listed, read, moved, cancelled and removed", async () => {
  const made = await api.post("/api/appointments", { title: "תספורת", starts_at: at("10:00") });
  expect(made).toMatchObject({
    status: 201,
    body: {
      title: "תספורת",
      status: "booked",
      source: "console",
      calendar_id: expect.any(Number),
    },
  });
  const { id } = made.body;
  expect(Date.parse(made.body.ends_at) - Date.parse(made.body.starts_at)).toBe(30 * 60_000);
  expect((await api.get("/api/appointments")).body).toEqual({
    items: [made.body],
    next_cursor: null,
  });

  const moved = await api.patch(`/api/appointments/${id}`, { starts_at: at("12:00") });
  expect(new Date(moved.body.ends_at)).toEqual(instant("12:30"));
  const cancelled = await api.patch(`/api/appointments/${id}`, { status: "cancelled" });
  expect(cancelled.body.status).toBe("cancelled");
  expect((await api.get(`/api/appointments/${id}`)).body).toEqual(cancelled.body);
  expect((await api.delete(`/api/appointments/${id}`)).status).toBe(204);
  expect((await api.get(`/api/appointments/${id}`)).status).toBe(404);
});

describe("two appointments never overlap", () => {
  test.each([
    ["the same", "10:00", "10:30"],
    ["around it", "09:45", "11:00"],
    ["inside it", "10:10", "10:20"],
    ["into its end", "10:29", "11:00"],
  ])("%s is refused", async (_, from, to) => {
    await bookOurs("10:00", "10:30");
    const answer = await api.post("/api/appointments", { starts_at: at(from), ends_at: at(to) });
    expect(answer).toMatchObject({ status: 409, body: { type: "urn:agentlocator:slot_taken" } });
  });

  test("one right before and one right after are fine", async () => {
    await bookOurs("10:00", "10:30");
    expect(await bookOurs("09:30", "10:00")).not.toBeNull();
    expect(await bookOurs("10:30", "11:00")).not.toBeNull();
  });

  test("a move and a reopening are held to the same", async () => {
    await bookOurs("10:00", "10:30");
    const other = (await bookOurs("11:00", "11:30"))!;
    const path = `/api/appointments/${other.id}`;
    expect((await api.patch(path, { starts_at: at("10:15") })).status).toBe(409);
    expect((await api.get(path)).body.starts_at).toBe(other.starts_at);
    await api.patch(path, { status: "cancelled" });
    await bookOurs("11:00", "11:30");
    expect((await api.patch(path, { status: "booked" })).status).toBe(409);
  });

  test("a cancelled one is in nobody's way", async () => {
    const first = (await bookOurs("10:00", "10:30"))!;
    await api.patch(`/api/appointments/${first.id}`, { status: "cancelled" });
    expect(await bookOurs("10:00", "10:30")).not.toBeNull();
  });

  test("of ten bookings of one slot at once, one is made", async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => bookOurs("10:00", "10:30")));
    expect(all.filter((booked) => booked !== null)).toHaveLength(1);
  });

  test("another business has its own calendar", async () => {
    await bookOurs("10:00", "10:30");
    const booked = await world.db.inBusiness(theirs, (tx) =>
      book(tx, { ...span("10:00", "10:30"), contact_id: null, title: "", source: "call" }),
    );
    expect(booked).not.toBeNull();
  });
});

test("the loser of a race goes on in its transaction", async () => {
  await bookOurs("10:00", "10:30");
  const result = await world.db.inBusiness(ours, async (tx) => {
    const what = { contact_id: null, title: "", source: "call" as const };
    const taken = await book(tx, { ...span("10:00", "10:30"), ...what });
    const instead = await book(tx, { ...span("10:30", "11:00"), ...what });
    return [taken, instead?.starts_at];
  });
  expect(result).toEqual([null, instant("10:30").toISOString()]);
});

test("nothing of another business can be seen, changed or named", async () => {
  const not_ours = await world.db.inBusiness(theirs, async (tx) => {
    const what = { contact_id: null, title: "", source: "call" as const };
    const [contact] = await tx
      .trx("contacts")
      .insert({ business_id: tx.business_id, phone: "+972501112222" })
      .returning("id");
    const { id, calendar_id } = (await book(tx, { ...span("10:00", "10:30"), ...what }))!;
    return { id, calendar_id, contact_id: contact.id };
  });
  const { id, calendar_id, contact_id } = not_ours;
  const path = `/api/appointments/${id}`;
  expect((await api.get("/api/appointments")).body.items).toEqual([]);
  expect((await api.get(path)).status).toBe(404);
  expect((await api.patch(path, { title: "x" })).status).toBe(404);
  expect((await api.delete(path)).status).toBe(404);
  for (const fields of [{ contact_id }, { calendar_id }]) {
    const answer = await api.post("/api/appointments", { starts_at: at("10:00"), ...fields });
    expect(answer.status).toBe(404);
  }
  const own = `/api/appointments/${(await bookOurs("12:00", "12:30"))!.id}`;
  expect((await api.patch(own, { contact_id })).status).toBe(404);
});

test("bad input is told apart", async () => {
  const backwards = { starts_at: at("10:00"), ends_at: at("10:00") };
  for (const body of [
    backwards,
    { starts_at: "tomorrow" },
    { starts_at: at("10:00"), foo: 1 },
    {},
  ]) {
    const answer = await api.post("/api/appointments", body);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{}] } });
  }
  const { id } = (await bookOurs("10:00", "10:30"))!;
  expect((await api.patch(`/api/appointments/${id}`, { ends_at: at("09:00") })).status).toBe(400);
  expect((await api.get("/api/appointments/abc")).status).toBe(404);
});

test("a list is walked page by page, also when many start together", async () => {
  const starts = ["09:00", "09:30", "10:00", "10:30", "11:00"];
  for (const start of starts) {
    const { id } = (await bookOurs(start, start.replace(/.$/, "5")))!;
    await api.patch(`/api/appointments/${id}`, { status: "cancelled", starts_at: at("09:00") });
  }
  const seen: number[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const query: string = cursor && `&cursor=${cursor}`;
    const { body } = await api.get(`/api/appointments?limit=2${query}`);
    seen.push(...body.items.map(({ id }: { id: number }) => id));
    cursor = body.next_cursor;
  }
  expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => b - a));
  expect(seen).toHaveLength(5);
  expect((await api.get("/api/appointments?cursor=nonsense")).status).toBe(400);
});

test("a list can be asked for a span", async () => {
  await bookOurs("10:00", "10:30");
  await bookOurs("12:00", "12:30");
  const zone = encodeURIComponent(at("10:15"));
  const { body } = await api.get(
    `/api/appointments?from=${zone}&to=${encodeURIComponent(at("12:00"))}`,
  );
  expect(body.items.map(({ starts_at }: { starts_at: string }) => new Date(starts_at))).toEqual([
    instant("10:00"),
  ]);
});

describe("availability", () => {
  const date = day.toISODate()!;
  const slots = async (query: string) => {
    const { status, body } = await api.get(`/api/availability?${query}`);
    return { status, starts: body.items?.map((slot: { starts_at: string }) => slot.starts_at) };
  };

  test("a day has the slots that are not booked", async () => {
    expect((await slots(`from=${date}&to=${date}`)).starts).toHaveLength(16);
    await bookOurs("10:15", "10:45");
    const { starts } = await slots(`from=${date}&to=${date}`);
    expect(starts).toHaveLength(14);
    expect(starts).not.toContain(instant("10:00").toISOString());
    expect(starts).not.toContain(instant("10:30").toISOString());
  });

  test("an appointment that begins inside of the last slot takes it", async () => {
    await bookOurs("10:15", "10:45");
    const [from, to] = [encodeURIComponent(at("10:00")), encodeURIComponent(at("10:10"))];
    expect((await slots(`from=${from}&to=${to}`)).starts).toEqual([]);
  });

  test("too much, too little and nonsense are refused", async () => {
    for (const query of [
      "from=2030-01-01&to=2031-01-01",
      "from=2030-01-02&to=2030-01-01",
      "from=2030-01-01",
      "from=soon&to=later",
    ]) {
      expect((await slots(query)).status).toBe(400);
    }
  });
});
