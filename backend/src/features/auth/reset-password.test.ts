import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { expectProblem } from "../../../test/browser.ts";
import { createPeople, PASSWORD } from "../../../test/people.ts";
import type { TestPeople } from "../../../test/people.ts";
import { pendingJobs } from "../../../test/pending-jobs.ts";
import { networkOf } from "../../platform/network.ts";
import { authJobs } from "./index.ts";

let people: TestPeople;
beforeAll(async () => {
  people = await createPeople();
});
afterAll(() => people.close());
beforeEach(async () => {
  const limit = { points: 10, seconds: 15 * 60 };
  await people.limiter.reset("resetPassword", `ip:${networkOf("127.0.0.1")}`, limit);
});

const NEW = "quite another one";
const forgot = (email: string) => people.browser().post("/api/auth/forgot", { email });
const reset = (token: string, password = NEW) =>
  people.browser().post("/api/auth/reset", { token, password });
const tryLogin = (email: string, password: string) =>
  people.browser().post("/api/auth/login", { email, password });

/** What the job sends for an address: the token of the link, or none. */
async function sentTo(email: string): Promise<string | undefined> {
  const before = people.logged.length;
  await authJobs(people)["auth.forgotten"]!({ business_id: 0, email, ip: "::1" }, {} as never);
  const lines = people.logged.slice(before).map((line) => String(line.msg));
  return lines.join("\n").match(/http:\/\/localhost\/reset#token=([\w-]{43})/)?.[1];
}

test("whether an address has an account, the answer and the work until it are the same", async () => {
  const { email } = await people.business();
  const [known, unknown] = [await forgot(email.toUpperCase()), await forgot("nobody@x.example")];
  expect([known.status, known.text]).toEqual([204, ""]);
  expect([unknown.status, unknown.text]).toEqual([204, ""]);
  const jobs = await pendingJobs(people.url, "auth.forgotten");
  expect(jobs.map(({ payload }) => payload.email)).toEqual([email, "nobody@x.example"]);
  expect(await sentTo("nobody@x.example")).toBeUndefined();
  expect(await sentTo(email)).toBeDefined();
});

test("the link sets the password once and ends every session", async () => {
  const { email, owner, id } = await people.business();
  const [first, second] = [(await sentTo(email))!, (await sentTo(email))!];
  const stored = await people.db.inSystem(({ trx }) => trx("password_links").select("*"));
  expect(JSON.stringify(stored)).not.toContain(first);

  expectProblem(await reset(first, "short"), 400, "invalid_input");
  expectProblem(await reset(first.toLowerCase()), 403, "reset_token");
  const answer = await reset(first);
  expect(answer.status, answer.text).toBe(204);
  expect(people.ended.at(-1)).toBe(id);
  expectProblem(await owner.get("/api/auth/me"), 401, "not_signed_in");
  expectProblem(await tryLogin(email, PASSWORD), 401, "wrong_credentials");
  const again = people.browser();
  await again.login(email, NEW);
  // Neither this link nor another one of that time is good any more.
  expectProblem(await reset(first), 403, "reset_token");
  expectProblem(await reset(second), 403, "reset_token");
  expect((await again.get("/api/auth/me")).status).toBe(200);
  expect((await again.get("/api/audit")).body.items).toContainEqual(
    expect.objectContaining({ action: "auth.password_reset" }),
  );
});

test("two who use the link at the same time set one password", async () => {
  const { email } = await people.business();
  const token = (await sentTo(email))!;
  const tried = [`${NEW} 1`, `${NEW} 2`];
  const waiting = () =>
    people.db.inSystem(({ trx }) =>
      trx("pg_locks")
        .join("pg_stat_activity", "pg_stat_activity.pid", "pg_locks.pid")
        .where("granted", false)
        .whereRaw("datname = current_database()"),
    );
  // Both have looked at the link before either of them can go on.
  const held = await people.db.inSystem(async ({ trx }) => {
    await trx("users").where({ email }).forUpdate().first("id");
    const both = Promise.all(tried.map((password) => reset(token, password)));
    await expect.poll(async () => (await waiting()).length).toBe(2);
    return { both };
  });
  const answers = await held.both;
  expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 403]);
  await people.browser().login(email, tried[answers.findIndex(({ status }) => status === 204)]!);
});

test("whoever guessed the account into its delays gets in with the new password", async () => {
  const { email } = await people.business();
  for (let n = 0; n < 6; n++) await tryLogin(email, "a guess");
  expectProblem(await tryLogin(email, PASSWORD), 429, "too_many_attempts");
  await reset((await sentTo(email))!);
  await people.browser().login(email, NEW);
});

test("a suspended user, or one of a suspended business, gets no link and can use none", async () => {
  const { email, owner, id } = await people.business();
  const agent = await people.user(owner, "agent", "leaver@shop.example");
  const mine = (await sentTo("leaver@shop.example"))!;
  const owners = (await sentTo(email))!;
  await owner.patch(`/api/users/${agent.id}`, { status: "suspended" });
  expect(await sentTo("leaver@shop.example")).toBeUndefined();
  expectProblem(await reset(mine), 403, "reset_token");
  await people.admin.patch(`/api/admin/businesses/${id}`, { status: "suspended" });
  expect(await sentTo(email)).toBeUndefined();
  expectProblem(await reset(owners), 403, "reset_token");
});

test("an own new password takes the links along", async () => {
  const { email, owner } = await people.business();
  const token = (await sentTo(email))!;
  await owner.post("/api/auth/password", { current_password: PASSWORD, new_password: NEW });
  expectProblem(await reset(token), 403, "reset_token");
});

test("the link is good for half an hour, and then removed", async () => {
  const { email } = await people.business();
  const links = () => people.db.inSystem(({ trx }) => trx("password_links").pluck("token_hash"));
  const token = (await sentTo(email))!;
  people.clock.advance(29 * 60_000);
  const still = (await sentTo(email))!;
  people.clock.advance(60_000);
  expectProblem(await reset(token), 403, "reset_token");
  await authJobs(people)["prune_sessions"]!({ business_id: 0 }, {} as never);
  expect(await links()).toHaveLength(1);
  expect((await reset(still)).status).toBe(204);
});

test("nobody is flooded with links, and tokens can't be guessed at speed", async () => {
  const { email } = await people.business();
  const own = await createPeople();
  try {
    const asked = [];
    for (let n = 0; n < 6; n++) asked.push(await own.browser().post("/api/auth/forgot", { email }));
    expect(asked.map(({ status }) => status)).toEqual([204, 204, 204, 204, 204, 429]);
    const guess = () => own.browser().post("/api/auth/reset", { token: "guess", password: NEW });
    for (let n = 0; n < 10; n++) expectProblem(await guess(), 403, "reset_token");
    expectProblem(await guess(), 429, "too_many_requests");
  } finally {
    await own.close();
  }
});
