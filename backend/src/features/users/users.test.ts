import { afterAll, beforeAll, expect, test } from "vitest";
import { expectProblem } from "../../../test/browser.ts";
import { createPeople, PASSWORD } from "../../../test/people.ts";
import type { TestPeople } from "../../../test/people.ts";
import type { BusinessTx } from "../../db/database.ts";
import type { Session, SessionUser } from "../../http/session.ts";
import { changeUser } from "./change-user.ts";

let people: TestPeople;
beforeAll(async () => {
  people = await createPeople();
});
afterAll(() => people.close());

const sessionOf = (user: SessionUser): Session => ({
  ...{ id_hash: "", csrf_token: "", impersonated_tenant_id: null },
  user,
});

test("an owner adds a user, who can sign in and belongs to the business", async () => {
  const { owner, id } = await people.business();
  const answer = await owner.post("/api/users", {
    ...{ email: "Noa@Shop.example", name: " נועה ", role: "agent", password: PASSWORD },
  });
  expect(answer.status, answer.text).toBe(201);
  expect(answer.body).toEqual({
    id: expect.any(Number),
    business_id: id,
    email: "noa@shop.example",
    name: "נועה",
    role: "agent",
    status: "active",
    invited: false,
    created_at: expect.any(String),
  });
  expect((await owner.get(`/api/users/${answer.body.id}`)).body).toEqual(answer.body);
  const list = await owner.get("/api/users");
  expect(list.body.items).toHaveLength(2);
  expect(list.body.items[0]).toEqual(answer.body);
  expect(list.text).not.toContain("argon2");
  await people.browser().login("noa@shop.example", PASSWORD);
});

test("an address has one account, in whichever business", async () => {
  const first = await people.business();
  const second = await people.business();
  const answer = await second.owner.post("/api/users", {
    ...{ email: first.email, name: "x", role: "agent", password: PASSWORD },
  });
  expectProblem(answer, 409, "email_taken");
  expect(answer.text).not.toContain(first.business.name);
});

test("an owner can't make an administrator, nor a user of another business", async () => {
  const { owner } = await people.business();
  const other = await people.business();
  const user = { email: "mallory@shop.example", name: "M", role: "agent", password: PASSWORD };
  expectProblem(
    await owner.post("/api/users", { ...user, role: "system_admin" }),
    400,
    "invalid_input",
  );
  expectProblem(
    await owner.post("/api/users", { ...user, business_id: other.id }),
    400,
    "invalid_input",
  );
  expectProblem(
    await owner.post("/api/users", { ...user, status: "active" }),
    400,
    "invalid_input",
  );
});

test("owners can't lock the business or themselves out", async () => {
  const { owner } = await people.business();
  const self = (await owner.get("/api/auth/me")).body.user.id;
  const second = await people.user(owner, "owner", "second@shop.example");
  for (const patch of [
    { role: "agent" },
    { status: "suspended" },
    { password: "a new password" },
  ]) {
    expectProblem(await owner.patch(`/api/users/${self}`, patch), 409, "oneself");
  }
  expect((await owner.patch(`/api/users/${self}`, { name: "שם חדש" })).body.name).toBe("שם חדש");

  expect((await second.browser.patch(`/api/users/${self}`, { status: "suspended" })).status).toBe(
    200,
  );
  await people.admin.post("/api/admin/impersonation", {
    business_id: (await second.browser.get("/api/auth/me")).body.tenant.id,
  });
  for (const patch of [{ role: "agent" }, { status: "suspended" }]) {
    expectProblem(await people.admin.patch(`/api/users/${second.id}`, patch), 409, "last_owner");
  }
  await people.admin.delete("/api/admin/impersonation");
});

test("two owners who remove each other at the same moment leave one", async () => {
  const { owner, id } = await people.business();
  const first = (await owner.get("/api/auth/me")).body.user;
  const second = await people.user(owner, "owner", "rival@shop.example");
  const rival = (await second.browser.get("/api/auth/me")).body.user;
  const demote = (tx: BusinessTx, actor: SessionUser, user_id: number) =>
    changeUser(tx, sessionOf(actor), user_id, { role: "agent" });
  const waiting = () =>
    people.db.inSystem(({ trx }) =>
      trx("pg_locks")
        .join("pg_stat_activity", "pg_stat_activity.pid", "pg_locks.pid")
        .where("granted", false)
        .whereRaw("datname = current_database()"),
    );

  let other: Promise<unknown> = Promise.resolve();
  await people.db.inBusiness(id, async (tx) => {
    await demote(tx, first, rival.id);
    // The other one begins while this is not yet committed, and either waits for it or is through.
    let through = false;
    other = people.db
      .inBusiness(id, (tx2) => demote(tx2, rival, first.id))
      .catch((error: unknown) => error)
      .finally(() => (through = true));
    await expect.poll(async () => through || (await waiting()).length > 0).toBe(true);
  });
  expect(await other).toMatchObject({ id: "last_owner" });
  const owners = await people.db.inBusiness(id, (tx) => tx.trx("users").where("role", "owner"));
  expect(owners).toMatchObject([{ id: first.id }]);
});

test("a new password given by an owner signs the user out everywhere", async () => {
  const { owner } = await people.business();
  const agent = await people.user(owner, "agent", "forgetful@shop.example");
  const changed = await owner.patch(`/api/users/${agent.id}`, { password: "the new password" });
  expect(changed.status, changed.text).toBe(200);
  expect((await agent.browser.get("/api/auth/me")).status).toBe(401);
  await agent.browser.login("forgetful@shop.example", "the new password");
  const entry = (await owner.get("/api/audit")).body.items.find(
    (item: { action: string }) => item.action === "user.changed",
  );
  expect(entry).toMatchObject({ subject: `user:${agent.id}`, detail: { fields: ["password"] } });
});

test("a changed role counts from the next request on", async () => {
  const { owner } = await people.business();
  const agent = await people.user(owner, "agent", "promoted@shop.example");
  expectProblem(await agent.browser.get("/api/users"), 403, "not_allowed");
  await owner.patch(`/api/users/${agent.id}`, { role: "owner" });
  expect((await agent.browser.get("/api/users")).status).toBe(200);
});

test("another business's user is not there", async () => {
  const { owner } = await people.business();
  const other = await people.business();
  const victim = (await other.owner.get("/api/auth/me")).body.user.id;
  expectProblem(await owner.get(`/api/users/${victim}`), 404, "not_found");
  expectProblem(
    await owner.patch(`/api/users/${victim}`, { status: "suspended" }),
    404,
    "not_found",
  );
  expect((await other.owner.get("/api/auth/me")).status).toBe(200);
});
