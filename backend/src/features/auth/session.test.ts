import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser } from "../../../test/browser.ts";
import { expectProblem } from "../../../test/browser.ts";
import { ADMIN, createPeople, PASSWORD } from "../../../test/people.ts";
import type { TestPeople } from "../../../test/people.ts";
import { authJobs } from "./index.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let people: TestPeople;
beforeAll(async () => {
  people = await createPeople();
});
afterAll(() => people.close());

const me = async (browser: Browser) => (await browser.get("/api/auth/me")).status;

const lastSeen = (browser: Browser) =>
  people.db.inSystem(async (tx) => {
    const row = await tx
      .trx("sessions")
      .where("csrf_token", browser.cookies.get("al_csrf"))
      .first("last_seen_at");
    return row.last_seen_at as string;
  });

test("signing out ends the session at the server too", async () => {
  const { owner } = await people.business();
  const stolen = owner.cookies.get("al_session")!;
  expect((await owner.post("/api/auth/logout")).status).toBe(204);
  expect([...owner.cookies]).toEqual([]);
  owner.cookies.set("al_session", stolen);
  expectProblem(await owner.get("/api/auth/me"), 401, "not_signed_in");
});

test.each([
  ["empty", ""],
  ["short", "x"],
  ["of another session", "a".repeat(43)],
  ["long", "a".repeat(5000)],
  ["not ours", "' or 1=1"],
])("a cookie that is %s is nobody's", async (_, cookie) => {
  const browser = people.browser();
  browser.cookies.set("al_session", cookie);
  expect(await me(browser)).toBe(401);
});

test("a cookie planted before the sign-in is worth nothing after it", async () => {
  const { owner, email } = await people.business();
  const planted = owner.cookies.get("al_session")!;
  await owner.login(email, PASSWORD);
  expect(owner.cookies.get("al_session")).not.toBe(planted);
  const attacker = people.browser();
  attacker.cookies.set("al_session", planted);
  expect(await me(attacker)).toBe(401);
  expect(await me(owner)).toBe(200);
});

test("changing one's password ends one's other sessions and needs the old one", async () => {
  const { owner, email } = await people.business();
  const phone = people.browser();
  await phone.login(email, PASSWORD);
  const change = (current_password: string, new_password: string) =>
    owner.post("/api/auth/password", { current_password, new_password });
  expectProblem(await change("wrong password", "another good one"), 400, "wrong_password");
  expectProblem(await change(PASSWORD, "short"), 400, "invalid_input");
  expect(await me(phone)).toBe(200);
  expect((await change(PASSWORD, "another good one")).status).toBe(204);
  expect(await me(owner)).toBe(200);
  expect(await me(phone)).toBe(401);
  expect((await phone.post("/api/auth/login", { email, password: PASSWORD })).status).toBe(401);
  await phone.login(email, "another good one");
});

test("a sign-in with the old password that meets the change of it comes to nothing", async () => {
  const { owner } = await people.business();
  const { id } = await people.user(owner, "agent", "racing@business.example");
  const thief = people.browser();
  const credentials = { email: "racing@business.example", password: PASSWORD };
  const changed = Promise.withResolvers<void>();
  const commit = Promise.withResolvers<void>();
  const changing = people.db.inSystem(async ({ trx }) => {
    await trx("users").where({ id }).update({ password_hash: "another" });
    await trx("sessions").where({ user_id: id }).delete();
    changed.resolve();
    await commit.promise;
  });
  await changed.promise;
  const signing = thief.post("/api/auth/login", credentials);
  // Long enough to verify the password against what is still committed.
  await Promise.race([signing, new Promise((resolve) => setTimeout(resolve, 700))]);
  commit.resolve();
  await changing;
  expectProblem(await signing, 401, "wrong_credentials");
  expect((await thief.get("/api/auth/me")).status).toBe(401);
});

test("a change of the password that meets an owner's reset of it comes to nothing", async () => {
  const { owner } = await people.business();
  const { id, browser } = await people.user(owner, "agent", "reset@business.example");
  const reset = Promise.withResolvers<void>();
  const commit = Promise.withResolvers<void>();
  const resetting = people.db.inSystem(async ({ trx }) => {
    await trx("users").where({ id }).update({ password_hash: "the owner's" });
    reset.resolve();
    await commit.promise;
  });
  await reset.promise;
  const passwords = { current_password: PASSWORD, new_password: "the thief's password" };
  const changing = browser.post("/api/auth/password", passwords);
  await Promise.race([changing, new Promise((resolve) => setTimeout(resolve, 700))]);
  commit.resolve();
  await resetting;
  expectProblem(await changing, 400, "wrong_password");
  const stored = await people.db.inSystem(({ trx }) => trx("users").where({ id }).first());
  expect(stored.password_hash).toBe("the owner's");
});

test("a suspended user is out at once, and a reinstated one has to sign in again", async () => {
  const { owner } = await people.business();
  const agent = await people.user(owner, "agent", "agent@business.example");
  expect(await me(agent.browser)).toBe(200);
  await owner.patch(`/api/users/${agent.id}`, { status: "suspended" });
  expect(await me(agent.browser)).toBe(401);
  await owner.patch(`/api/users/${agent.id}`, { status: "active" });
  expect(await me(agent.browser)).toBe(401);
  await agent.browser.login("agent@business.example", PASSWORD);
});

test("a user suspended by other means is out as well", async () => {
  const { owner, email } = await people.business();
  const suspend = (table: string, where: object) =>
    people.db.inSystem((tx) => tx.trx(table).where(where).update({ status: "suspended" }));
  await suspend("users", { email });
  expect(await me(owner)).toBe(401);
  const second = await people.business();
  await suspend("businesses", { id: second.id });
  expect(await me(second.owner)).toBe(401);
});

test("a suspended business has all its users out at once", async () => {
  const { owner, id, email } = await people.business();
  await people.admin.patch(`/api/admin/businesses/${id}`, { status: "suspended" });
  expect(await me(owner)).toBe(401);
  await people.admin.patch(`/api/admin/businesses/${id}`, { status: "active" });
  expect(await me(owner)).toBe(401);
  await owner.login(email, PASSWORD);
});

// From here on the time moves, for everybody.

test("`last_seen_at` is written once a minute at most", async () => {
  const { owner } = await people.business();
  const first = await lastSeen(owner);
  people.clock.advance(MINUTE - 5000);
  await me(owner);
  expect(await lastSeen(owner)).toBe(first);
  people.clock.advance(6000);
  await me(owner);
  const seen = await lastSeen(owner);
  expect(Date.parse(seen) - Date.parse(first)).toBeGreaterThan(MINUTE);
});

test("12 idle hours end a session, and use keeps it alive for 30 days", async () => {
  const busy = await people.business();
  const idle = await people.business();
  for (let hours = 0; hours < 11; hours += 11) {
    people.clock.advance(11 * HOUR);
    expect(await me(busy.owner)).toBe(200);
  }
  people.clock.advance(HOUR + 1000);
  expect(await me(busy.owner)).toBe(200);
  expect(await me(idle.owner)).toBe(401);
  for (let hours = 13; hours + 11 < 30 * 24; hours += 11) {
    people.clock.advance(11 * HOUR);
    expect(await me(busy.owner)).toBe(200);
  }
  people.clock.advance(11 * HOUR);
  expect(await me(busy.owner)).toBe(401);
});

test("what has ended is removed, what lives stays", async () => {
  await people.admin.login(ADMIN.email, ADMIN.password);
  const lasting = await people.business();
  const { prune_sessions } = authJobs(people);
  await prune_sessions!({ business_id: 0 }, undefined as never);
  expect(await me(lasting.owner)).toBe(200);
  const count = () => people.db.inSystem((tx) => tx.trx("sessions").select("user_id"));
  expect(await count()).toHaveLength(2);
  people.clock.advance(12 * HOUR);
  await prune_sessions!({ business_id: 0 }, undefined as never);
  expect(await count()).toHaveLength(0);
});
