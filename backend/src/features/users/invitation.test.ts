import { afterAll, beforeAll, expect, test } from "vitest";
import { expectProblem } from "../../../test/browser.ts";
import { createPeople, PASSWORD } from "../../../test/people.ts";
import type { TestPeople } from "../../../test/people.ts";

let people: TestPeople;
beforeAll(async () => {
  people = await createPeople();
});
afterAll(() => people.close());

const DAY_MS = 24 * 3_600_000;
const who = (email: string) => ({ email, name: "נועה", role: "agent" });
const tokenOf = (url: string) => /^http:\/\/localhost\/reset#token=([\w-]{43})$/.exec(url)![1]!;
const choose = (url: string) =>
  people.browser().post("/api/auth/reset", { token: tokenOf(url), password: PASSWORD });

test("an invited user chooses a password with the link, and is in", async () => {
  const { owner } = await people.business();
  const made = await owner.post("/api/users", who("noa@shop.example"));
  expect(made.status, made.text).toBe(201);
  expect(made.body).toMatchObject({ status: "active", invited: true });
  const { id } = made.body;
  const login = (password: string) =>
    people.browser().post("/api/auth/login", { email: "noa@shop.example", password });
  expectProblem(await login(PASSWORD), 401, "wrong_credentials");

  const link = await owner.post(`/api/users/${id}/password-link`);
  expect(link.status, link.text).toBe(201);
  expect(Date.parse(link.body.expires_at) - people.clock.now()).toBeGreaterThan(6 * DAY_MS);
  expect((await choose(link.body.url)).status).toBe(204);
  expect((await login(PASSWORD)).status).toBe(200);
  expect((await owner.get(`/api/users/${id}`)).body.invited).toBe(false);
  expectProblem(await choose(link.body.url), 403, "reset_token");
});

test("a link of another business's user, of an agent's asking or of a suspended one is none", async () => {
  const { owner } = await people.business();
  const other = await people.business();
  const agent = await people.user(owner, "agent", "agent@shop.example");
  const path = `/api/users/${agent.id}/password-link`;
  expectProblem(await other.owner.post(path), 404, "not_found");
  expectProblem(await agent.browser.post(path), 403, "not_allowed");
  const { url } = (await owner.post(path)).body;
  await owner.patch(`/api/users/${agent.id}`, { status: "suspended" });
  expectProblem(await owner.post(path), 409, "suspended");
  await owner.patch(`/api/users/${agent.id}`, { status: "active" });
  // What was handed out before the suspension stays shut after it.
  expectProblem(await choose(url), 403, "reset_token");
});

test("a suspension is told to those who hold live streams of the business", async () => {
  const { owner, id } = await people.business();
  const agent = await people.user(owner, "agent", "out@shop.example");
  people.ended.length = 0;
  await owner.patch(`/api/users/${agent.id}`, { status: "suspended" });
  expect(people.ended).toEqual([id]);
  await people.admin.patch(`/api/admin/businesses/${id}`, { status: "suspended" });
  expect(people.ended).toEqual([id, id]);
  expectProblem(await owner.get("/api/auth/me"), 401, "not_signed_in");
});
