import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Browser } from "../../../test/browser.ts";
import { expectProblem } from "../../../test/browser.ts";
import { ADMIN, createPeople } from "../../../test/people.ts";
import type { TestPeople } from "../../../test/people.ts";

const MINUTE = 60_000;

let people: TestPeople;
let admin: Browser;
beforeAll(async () => {
  people = await createPeople();
});
afterAll(() => people.close());
beforeEach(async () => {
  admin = people.browser();
  await admin.login(ADMIN.email, ADMIN.password);
});

const enter = (business_id: number) => admin.post("/api/admin/impersonation", { business_id });
const auditOf = (business_id: number) =>
  people.db.inSystem((tx) =>
    tx
      .trx("audit_log")
      .where({ business_id })
      .where("action", "like", "impersonation.%")
      .pluck("action"),
  );

test("an admin enters a business, acts in it, and leaves; all of it on record", async () => {
  const { id, business, owner } = await people.business();
  expectProblem(await admin.get("/api/settings"), 403, "no_business");
  const entered = await enter(id);
  expect(entered.status, entered.text).toBe(200);
  expect(entered.body).toMatchObject({
    user: { role: "system_admin", business_id: null },
    tenant: business,
    impersonating: true,
  });
  expect((await admin.get("/api/auth/me")).body).toEqual(entered.body);
  const changed = await admin.patch("/api/settings", { greeting: "שלום מהסוכנות" });
  expect(changed.body.greeting).toBe("שלום מהסוכנות");
  const left = await admin.delete("/api/admin/impersonation");
  expect(left.body).toMatchObject({ tenant: null, impersonating: false });
  expectProblem(await admin.get("/api/settings"), 403, "no_business");

  const { items } = (await owner.get("/api/audit")).body;
  expect(items.map((item: { action: string }) => item.action)).toEqual([
    "impersonation.ended",
    "settings.changed",
    "impersonation.started",
    "auth.signed_in",
    "business.created",
  ]);
  expect(items[1]).toMatchObject({
    actor_user_id: entered.body.user.id,
    actor_name: null,
    detail: { fields: ["greeting"], impersonating: true },
  });
  const lines = people.logged.filter((line) => line.biz === id).map((line) => line.msg);
  expect(lines).toEqual(expect.arrayContaining(["[IMP] started", "[IMP] ended"]));
});

test("from within one business no other can be entered", async () => {
  const first = await people.business();
  const second = await people.business();
  await enter(first.id);
  expectProblem(await enter(second.id), 409, "impersonating");
  expect((await admin.get("/api/auth/me")).body.tenant.id).toBe(first.id);
  // Naming another business in the address changes nothing either.
  const users = await admin.get(`/api/users?business_id=${second.id}`);
  expect(users.body.items).toMatchObject([{ business_id: first.id }]);
});

test("a business that does not exist can't be entered", async () => {
  expectProblem(await enter(999_999), 404, "not_found");
  expectProblem(await enter(-1), 400, "invalid_input");
});

test("leaving twice is as good as once, and is recorded once", async () => {
  const { id } = await people.business();
  await enter(id);
  for (const _ of [1, 2]) {
    expect((await admin.delete("/api/admin/impersonation")).status).toBe(200);
  }
  expect(await auditOf(id)).toEqual(["impersonation.started", "impersonation.ended"]);
});

test("`?business_id=` is an admin's to use and nobody else's", async () => {
  const first = await people.business();
  const second = await people.business();
  const seen = await admin.get(`/api/users?business_id=${first.id}`);
  expect(seen.body.items).toMatchObject([{ business_id: first.id }]);
  for (const path of ["/api/users", "/api/audit", "/api/settings"]) {
    expectProblem(await admin.get(`${path}?business_id=999999`), 404, "not_found");
    expectProblem(await admin.get(`${path}?business_id=99999999999`), 403, "no_business");
  }
  const own = await second.owner.get(`/api/users?business_id=${first.id}`);
  expect(own.body.items).toMatchObject([{ business_id: second.id }]);
});

test("it ends by itself after an hour", async () => {
  const { id } = await people.business();
  await enter(id);
  people.clock.advance(59 * MINUTE);
  expect((await admin.get("/api/auth/me")).body.impersonating).toBe(true);
  people.clock.advance(MINUTE);
  expect((await admin.get("/api/auth/me")).body).toMatchObject({
    impersonating: false,
    tenant: null,
  });
  expectProblem(await admin.get("/api/settings"), 403, "no_business");
  expect(await auditOf(id)).toEqual(["impersonation.started", "impersonation.expired"]);
  expect((await enter(id)).status).toBe(200);
});
