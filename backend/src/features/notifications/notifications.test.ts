import { afterAll, beforeAll, expect, test } from "vitest";
import { expectProblem } from "../../../test/browser.ts";
import { createPeople } from "../../../test/people.ts";
import type { TestPeople } from "../../../test/people.ts";
import { notificationRoutes, notify } from "./index.ts";
import type { News } from "./index.ts";

let people: TestPeople;
beforeAll(async () => {
  people = await createPeople({ routes: notificationRoutes });
});
afterAll(() => people.close());

const ring = (business_id: number, news: News) =>
  people.db.inBusiness(business_id, (tx) => notify(tx, news, people.log));
const events = (business_id: number) =>
  people.db.inBusiness(business_id, (tx) =>
    tx.trx("events").where("name", "notification").orderBy("id").pluck("ref"),
  );
const news = { kind: "call_fallback", title: "שיחה לא נענתה" };

test("news reach the bell of their business, its live events and the log", async () => {
  const { id, owner } = await people.business();
  const other = await people.business();
  expect(await ring(id, { ...news, body: "חזרו אליו", link: "/app/calls/CA1" })).toBe(true);
  const { items } = (await owner.get("/api/notifications")).body;
  expect(items).toEqual([
    {
      id: expect.any(Number),
      ...news,
      body: "חזרו אליו",
      link: "/app/calls/CA1",
      read_at: null,
      resolved_at: null,
      created_at: expect.any(String),
    },
  ]);
  expect(await events(id)).toEqual([{ id: items[0].id }]);
  expect((await other.owner.get("/api/notifications")).body.items).toEqual([]);
  expect(people.logged).toContainEqual(
    expect.objectContaining({ msg: "[NOTIFY] notification", biz: id, kind: "call_fallback" }),
  );
});

test("the same occurrence rings once, also when it is told twice at once", async () => {
  const { id, owner } = await people.business();
  const told = await Promise.all(
    [1, 2, 3].map(() => ring(id, { ...news, dedupe_key: "call:CA1" })),
  );
  expect(told.filter(Boolean)).toHaveLength(1);
  expect(await ring(id, { ...news, dedupe_key: "call:CA1" })).toBe(false);
  expect(await ring(id, { ...news, dedupe_key: "call:CA2" })).toBe(true);
  const other = await people.business();
  expect(await ring(other.id, { ...news, dedupe_key: "call:CA1" })).toBe(true);
  expect((await owner.get("/api/notifications")).body.items).toHaveLength(2);
  expect(await events(id)).toHaveLength(2);
});

test("reading one or all of them", async () => {
  const { id, owner } = await people.business();
  for (const n of [1, 2, 3]) await ring(id, { ...news, title: `${n}` });
  const unread = async () => {
    const { items } = (await owner.get("/api/notifications?unread=true")).body;
    return items.map((item: { title: string }) => item.title);
  };
  expect(await unread()).toEqual(["3", "2", "1"]);
  const { items } = (await owner.get("/api/notifications?limit=2")).body;
  const read = await owner.post(`/api/notifications/${items[1].id}/read`);
  expect(read.body.read_at).toEqual(expect.any(String));
  const again = await owner.post(`/api/notifications/${items[1].id}/read`);
  expect(again.body).toEqual(read.body);
  expect(await unread()).toEqual(["3", "1"]);
  expect((await owner.post("/api/notifications/read-all")).status).toBe(204);
  expect(await unread()).toEqual([]);
  expect((await owner.get("/api/notifications?unread=false")).body.items).toHaveLength(3);
  expect((await events(id)).at(-1)).toEqual({});
  expectProblem(await owner.get("/api/notifications?unread=maybe"), 400, "invalid_input");
  expectProblem(await owner.post("/api/notifications/999999/read"), 404, "not_found");
  expectProblem(await owner.post("/api/notifications/abc/read"), 404, "not_found");
});

test("reading all is a matter of one business", async () => {
  const { id, owner } = await people.business();
  const other = await people.business();
  await ring(id, news);
  await ring(other.id, news);
  await owner.post("/api/notifications/read-all");
  expect((await other.owner.get("/api/notifications?unread=true")).body.items).toHaveLength(1);
});
