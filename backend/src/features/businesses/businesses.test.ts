import { afterAll, beforeAll, expect, test } from "vitest";
import { expectProblem } from "../../../test/browser.ts";
import { createPeople, PASSWORD } from "../../../test/people.ts";
import type { TestPeople } from "../../../test/people.ts";
import { findBusinessByPhone } from "./index.ts";

let people: TestPeople;
beforeAll(async () => {
  people = await createPeople();
});
afterAll(() => people.close());

let emails = 0;
const owner = () => ({ email: `new${++emails}@shop.example`, name: "Dana", password: PASSWORD });
const create = (given: object) => people.admin.post("/api/admin/businesses", given);
const rows = (table: string, where: object) =>
  people.db.inSystem((tx) => tx.trx(table).where(where).select("*"));

test("a new business can take calls: owner, settings and calendar are there", async () => {
  const given = owner();
  const answer = await create({ name: "מספרת דנה", phone_number: "03-5551234", owner: given });
  expect(answer.status, answer.text).toBe(201);
  expect(answer.body).toEqual({
    id: expect.any(Number),
    name: "מספרת דנה",
    phone_number: "+97235551234",
    whatsapp_number: null,
    timezone: "Asia/Jerusalem",
    locale: "he",
    status: "active",
    created_at: expect.any(String),
  });
  const business_id = answer.body.id;
  const browser = people.browser();
  await browser.login(given.email, PASSWORD);
  const settings = (await browser.get("/api/settings")).body;
  expect(settings).toMatchObject({ language: "he", timezone: "Asia/Jerusalem", slot_minutes: 30 });
  expect(settings.greeting).toContain("מספרת דנה");
  expect(settings.ai_prompt).toContain("מספרת דנה");
  expect(await rows("calendars", { business_id })).toMatchObject([{ name: "יומן" }]);
  expect((await people.admin.get(`/api/admin/businesses/${business_id}`)).body).toEqual(
    answer.body,
  );
});

test("an English business is greeted in English", async () => {
  const given = owner();
  const answer = await create({
    ...{ name: "Smile Dental", phone_number: "+12125550142", locale: "en-US" },
    ...{ timezone: "America/New_York", owner: given },
  });
  expect(answer.status, answer.text).toBe(201);
  const browser = people.browser();
  await browser.login(given.email, PASSWORD);
  expect((await browser.get("/api/settings")).body).toMatchObject({
    language: "en-US",
    timezone: "America/New_York",
    greeting: "Hello, you have reached Smile Dental. How can I help?",
  });
});

test("what is wrong is named, and nothing half-made stays", async () => {
  const count = async () => (await rows("businesses", {})).length;
  const before = await count();
  const valid = { name: "x", phone_number: "+97235559999", owner: owner() };
  for (const [given, path] of [
    [{ ...valid, phone_number: "not a phone" }, "body.phone_number"],
    [{ ...valid, whatsapp_number: "12" }, "body.whatsapp_number"],
    [{ ...valid, timezone: "Mars/Olympus" }, "body.timezone"],
    [{ ...valid, locale: "xx" }, "body.locale"],
    [{ ...valid, owner: { ...valid.owner, password: "short" } }, "body.owner.password"],
    [{ ...valid, owner: { ...valid.owner, email: "nobody" } }, "body.owner.email"],
    [{ ...valid, status: "active" }, "body"],
    [{ ...valid, owner: { ...valid.owner, role: "system_admin" } }, "body.owner"],
  ] as const) {
    const answer = await create(given);
    expectProblem(answer, 400, "invalid_input");
    expect(answer.body.errors[0].path).toBe(path);
  }
  const taken = { ...valid.owner, email: "admin@agency.example" };
  expectProblem(await create({ ...valid, owner: taken }), 409, "email_taken");
  expect(await count()).toBe(before);
  expect((await create(valid)).status).toBe(201);
});

test("a number belongs to one business, as telephone or as WhatsApp, also in a race", async () => {
  const number = "+97235557777";
  const answers = await Promise.all(
    [1, 2, 3].map((n) => create({ name: `r${n}`, phone_number: number, owner: owner() })),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409]);
  const other = await create({
    ...{ name: "other", phone_number: "+97235557778", whatsapp_number: number, owner: owner() },
  });
  expectProblem(other, 409, "number_taken");
  const { id } = await people.business();
  const change = await people.admin.patch(`/api/admin/businesses/${id}`, { phone_number: number });
  expectProblem(change, 409, "number_taken");
});

test("a business is found by every form of its numbers", async () => {
  const made = await create({
    ...{ name: "found", phone_number: "+972501234567", whatsapp_number: "+972521234567" },
    owner: owner(),
  });
  const find = (number: string) =>
    people.db.inSystem(async (tx) => (await findBusinessByPhone(tx, number))?.id ?? null);
  for (const number of [
    ...["+972501234567", "972501234567", "0501234567", "050-123-4567", "whatsapp:+972501234567"],
    ...["+972521234567", "whatsapp:972521234567"],
  ]) {
    expect(await find(number), number).toBe(made.body.id);
  }
  for (const number of ["+972501234568", "", "anonymous", "501234567890123"]) {
    expect(await find(number), number).toBeNull();
  }
});

test("changes keep the time zone of business and settings the same, both ways", async () => {
  const { id, owner: browser } = await people.business();
  const path = `/api/admin/businesses/${id}`;
  const changed = await people.admin.patch(path, {
    ...{ name: "שם חדש", timezone: "Europe/London", whatsapp_number: "050-7654321" },
  });
  expect(changed.body).toMatchObject({ name: "שם חדש", whatsapp_number: "+972507654321" });
  expect((await browser.get("/api/settings")).body.timezone).toBe("Europe/London");
  await browser.patch("/api/settings", { timezone: "Asia/Tokyo" });
  expect((await people.admin.get(path)).body.timezone).toBe("Asia/Tokyo");
  expectProblem(await people.admin.patch(path, { id: 7 }), 400, "invalid_input");
  expect((await people.admin.patch(path, {})).status).toBe(200);
  const audit = await rows("audit_log", { business_id: id, action: "business.changed" });
  expect(audit).toMatchObject([{ detail: { fields: ["name", "timezone", "whatsapp_number"] } }]);
});

test("the list is all businesses, newest first, page by page", async () => {
  const all = await people.admin.get("/api/admin/businesses?limit=200");
  const ids = all.body.items.map(({ id }: { id: number }) => id);
  expect(ids).toEqual(ids.toSorted((a: number, b: number) => b - a));
  const paged: number[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page = await people.admin.get(`/api/admin/businesses?limit=2${cursor}`);
    paged.push(...page.body.items.map(({ id }: { id: number }) => id));
    cursor = page.body.next_cursor && `&cursor=${page.body.next_cursor}`;
  }
  expect(paged).toEqual(ids);
  expectProblem(await people.admin.get("/api/admin/businesses?cursor=x"), 400, "bad_cursor");
});

test("nobody but the agency finds these routes", async () => {
  const { id, owner: browser } = await people.business();
  for (const [method, path, body] of [
    ["GET", "/api/admin/businesses", undefined],
    ["POST", "/api/admin/businesses", {}],
    ["GET", `/api/admin/businesses/${id}`, undefined],
    ["PATCH", `/api/admin/businesses/${id}`, { name: "mine" }],
    ["POST", "/api/admin/impersonation", { business_id: id }],
    ["DELETE", "/api/admin/impersonation", undefined],
  ] as const) {
    expectProblem(await browser.send(method, path, body), 404, "not_found");
    expectProblem(await people.browser().send(method, path, body), 401, "not_signed_in");
  }
});
