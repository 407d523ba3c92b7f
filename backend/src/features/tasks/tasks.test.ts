import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { expectProblem, type Browser } from "../../../test/browser.ts";
import { createPeople, type TestPeople } from "../../../test/people.ts";
import { contactRoutes } from "../contacts/index.ts";
import { taskRoutes } from "./routes.ts";
import { createTask } from "./service.ts";

let world: TestPeople;
let api: Browser;
let other: Browser;
let ours: number;

beforeAll(async () => {
  world = await createPeople({ routes: () => [...taskRoutes(), ...contactRoutes()] });
  const business = await world.business();
  [api, ours] = [business.owner, business.id];
  other = (await world.business()).owner;
});
afterAll(() => world.close());
beforeEach(() =>
  world.db.inSystem(async ({ trx }) => {
    await trx("tasks").delete();
    await trx("events").delete();
  }),
);

test("a task is made, read, done and removed, and the console is told each time", async () => {
  const { user } = (await api.get("/api/auth/me")).body;
  const due_at = "2026-11-24T10:00:00.000Z";
  const made = await api.post("/api/tasks", { title: " להתקשר ", due_at, assigned_to: user.id });
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({
    business_id: ours,
    title: "להתקשר",
    body: "",
    status: "open",
    due_at,
    remind_at: null,
    created_by: user.id,
    assigned_to: user.id,
  });
  const path = `/api/tasks/${made.body.id}`;
  expect((await api.get(path)).body).toEqual(made.body);
  const done = await api.patch(path, { status: "done", due_at: null });
  expect(done.body).toEqual({ ...made.body, status: "done", due_at: null });
  expect((await api.delete(path)).status).toBe(204);
  expectProblem(await api.get(path), 404, "not_found");
  expectProblem(await api.delete(path), 404, "not_found");
  const events = await world.db.inBusiness(ours, ({ trx }) => trx("events").select("name", "ref"));
  const told = { name: "task", ref: { id: made.body.id } };
  expect(events).toEqual([told, told, told]);
});

test("a list is filtered and walked", async () => {
  for (const title of ["א", "ב", "ג"]) await api.post("/api/tasks", { title });
  const [newest] = (await api.get("/api/tasks")).body.items;
  await api.patch(`/api/tasks/${newest.id}`, { status: "done" });
  const titles = (items: { title: string }[]) => items.map(({ title }) => title);
  const first = (await api.get("/api/tasks?status=open&limit=1")).body;
  expect(titles(first.items)).toEqual(["ב"]);
  const second = (await api.get(`/api/tasks?status=open&limit=1&cursor=${first.next_cursor}`)).body;
  expect(titles(second.items)).toEqual(["א"]);
  expect(second.next_cursor).toBeNull();
});

test("neither a task, nor a contact, nor a user of another business can be reached", async () => {
  const { id } = (await other.post("/api/tasks", { title: "שלהם" })).body;
  const contact = (await other.post("/api/contacts", { phone: "0501234567" })).body;
  const { user } = (await other.get("/api/auth/me")).body;
  expectProblem(await api.get(`/api/tasks/${id}`), 404, "not_found");
  expectProblem(await api.patch(`/api/tasks/${id}`, { title: "x" }), 404, "not_found");
  expectProblem(await api.delete(`/api/tasks/${id}`), 404, "not_found");
  for (const fields of [{ contact_id: contact.id }, { assigned_to: user.id }]) {
    expectProblem(await api.post("/api/tasks", { title: "x", ...fields }), 404, "not_found");
  }
  expect((await api.get("/api/tasks")).body.items).toEqual([]);
});

test("bad input is told", async () => {
  for (const body of [{}, { title: " " }, { title: "x", due_at: "soon" }, { title: "x", id: 1 }]) {
    expectProblem(await api.post("/api/tasks", body), 400, "invalid_input");
  }
});

test("what the product makes twice of one occasion is one task", async () => {
  const make = () =>
    world.db.inBusiness(ours, (tx) => createTask(tx, { title: "x", dedupe_key: "call:1" }));
  const all = await Promise.all([make(), make(), make()]);
  expect(all.filter((task) => task !== null)).toHaveLength(1);
});
