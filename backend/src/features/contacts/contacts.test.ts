import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { expectProblem, type Browser } from "../../../test/browser.ts";
import { createPeople, type TestPeople } from "../../../test/people.ts";
import { contactRoutes } from "./routes.ts";
import { findOrCreateContact } from "./service.ts";

let world: TestPeople;
let api: Browser;
let other: Browser;
let ours: number;

beforeAll(async () => {
  world = await createPeople({ routes: contactRoutes });
  const business = await world.business();
  [api, ours] = [business.owner, business.id];
  other = (await world.business()).owner;
});
afterAll(() => world.close());
beforeEach(() => world.db.inSystem(({ trx }) => trx("contacts").delete()));

const dana = { name: "דנה כהן", phone: "+972501234567" };

test.each(["050-123-4567", "+972 50 123 4567", "972501234567", "whatsapp:+972501234567"])(
  "a phone written %s is kept as E.164",
  async (phone) => {
    const made = await api.post("/api/contacts", { name: "דנה כהן", phone });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      ...dana,
      id: expect.any(Number),
      whatsapp_lid: null,
      created_at: expect.any(String),
    });
    expect((await api.get(`/api/contacts/${made.body.id}`)).body).toEqual(made.body);
  },
);

test("a phone has one contact in a business, and another one elsewhere", async () => {
  await api.post("/api/contacts", dana);
  expectProblem(await api.post("/api/contacts", dana), 409, "contact_exists");
  const second = await api.post("/api/contacts", { name: "רות", phone: "050-7654321" });
  const taken = await api.patch(`/api/contacts/${second.body.id}`, { phone: "0501234567" });
  expectProblem(taken, 409, "contact_exists");
  expect((await other.post("/api/contacts", dana)).status).toBe(201);
});

test("name and phone change apart from each other", async () => {
  const { id } = (await api.post("/api/contacts", dana)).body;
  const renamed = await api.patch(`/api/contacts/${id}`, { name: "דנה לוי" });
  expect(renamed.body).toMatchObject({ name: "דנה לוי", phone: dana.phone });
  const moved = await api.patch(`/api/contacts/${id}`, { phone: "03-5551234" });
  expect(moved.body).toMatchObject({ name: "דנה לוי", phone: "+97235551234" });
});

test("what is no phone, and fields that are not ours, are refused", async () => {
  for (const body of [{ phone: "call me" }, { phone: "12" }, { ...dana, id: 7 }, {}]) {
    expectProblem(await api.post("/api/contacts", body), 400, "invalid_input");
  }
});

test("a list is searched by name and by phone", async () => {
  await api.post("/api/contacts", dana);
  await api.post("/api/contacts", { name: "50% הנחה", phone: "0527654321" });
  const found = async (q: string) => {
    const { body } = await api.get(`/api/contacts?q=${encodeURIComponent(q)}`);
    return body.items.map(({ name }: { name: string }) => name);
  };
  expect(await found("דנה")).toEqual(["דנה כהן"]);
  expect(await found("050-123")).toEqual(["דנה כהן"]);
  expect(await found("%")).toEqual(["50% הנחה"]);
  expect(await found("")).toEqual(["50% הנחה", "דנה כהן"]);
});

test("another business's contact is not there", async () => {
  const { id } = (await other.post("/api/contacts", dana)).body;
  expectProblem(await api.get(`/api/contacts/${id}`), 404, "not_found");
  expectProblem(await api.patch(`/api/contacts/${id}`, { name: "x" }), 404, "not_found");
  expect((await api.get("/api/contacts")).body.items).toEqual([]);
});

test("callers at the same moment make one contact, and a name is never overwritten", async () => {
  const call = (name?: string) =>
    world.db.inBusiness(ours, (tx) =>
      findOrCreateContact(tx, { phone: dana.phone, ...(name && { name }) }),
    );
  const all = await Promise.all(Array.from({ length: 8 }, () => call()));
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  expect((await call("דנה")).name).toBe("דנה");
  expect((await call("רות")).name).toBe("דנה");
});
