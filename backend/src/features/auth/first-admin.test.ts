import { afterEach, beforeEach, expect, test } from "vitest";
import { Browser, expectProblem } from "../../../test/browser.ts";
import { createTestBackend } from "../../../test/http.ts";
import type { TestBackend } from "../../../test/http.ts";
import { createLogMailer } from "../../platform/mail.ts";
import { authRoutes, createPasswords, createSessionLoader, ensureFirstAdmin } from "./index.ts";

const public_base_url = "https://agent.example";
const passwords = createPasswords();
const named = { email: "Boss@Agency.example", password: "a good password", public_base_url };

let backend: TestBackend;
let base: string;
beforeEach(async () => {
  backend = await createTestBackend();
  const deps = {
    ...{ ...backend, passwords, secure_cookies: false, demo: false },
    ...{ mailer: createLogMailer(backend.log), public_base_url, sessionsEnded: () => undefined },
  };
  base = await backend.serve(authRoutes(deps), createSessionLoader(backend));
});
afterEach(() => backend.close());

const ensure = (from: Parameters<typeof ensureFirstAdmin>[1]) =>
  ensureFirstAdmin({ ...backend, passwords }, from);

const users = () =>
  backend.db.inSystem((tx) => tx.trx("users").select("email", "role", "business_id"));

/** The token in the newest link that was logged. */
function loggedToken(): string {
  const lines = backend.logged.map((line) => String(line.msg));
  const link = lines.findLast((msg) => msg.includes("/setup?token="))!;
  expect(link).toContain(`${public_base_url}/setup?token=`);
  return link.split("token=")[1]!;
}

const person = { email: "first@agency.example", name: "First", password: "a good password" };
const setUp = (token: string, who: object = person) =>
  new Browser(base).post("/api/setup", { token, ...who });

test("several processes that start at once make one administrator of the environment's", async () => {
  await Promise.all(Array.from({ length: 5 }, () => ensure(named)));
  expect(await users()).toEqual([
    { email: "boss@agency.example", role: "system_admin", business_id: null },
  ]);
  await new Browser(base).login("boss@agency.example", named.password);
});

test("the environment does not touch an administrator who is there", async () => {
  await ensure(named);
  await ensure({ ...named, email: "other@agency.example", password: "another password" });
  expect(await users()).toHaveLength(1);
  await new Browser(base).login("boss@agency.example", named.password);
  expect((await new Browser(base).get("/api/setup")).body).toEqual({ needed: false });
});

test("without them a token of the log makes the administrator, once", async () => {
  await ensure({ public_base_url });
  const token = loggedToken();
  const stored = await backend.db.inSystem((tx) => tx.trx("setup_tokens").select("*"));
  expect(JSON.stringify(stored)).not.toContain(token);

  const browser = new Browser(base);
  expect((await browser.get("/api/setup")).body).toEqual({ needed: true });
  expectProblem(await setUp("wrong"), 403, "setup_token");
  const answer = await browser.post("/api/setup", { token, ...person });
  expect(answer.status).toBe(201);
  expect(answer.body).toMatchObject({
    user: { email: person.email, role: "system_admin" },
    tenant: null,
  });
  expect((await browser.get("/api/auth/me")).status).toBe(200);
  expectProblem(await setUp(token, { ...person, email: "b@x.example" }), 409, "already_set_up");
  expect(await users()).toHaveLength(1);
});

test("two who use tokens at the same time make one administrator", async () => {
  await ensure({ public_base_url });
  const first = loggedToken();
  await ensure({ public_base_url });
  const second = loggedToken();
  expect(second).not.toBe(first);
  const answers = await Promise.all([
    setUp(first),
    setUp(second, { ...person, email: "second@agency.example" }),
  ]);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409]);
  expect(await users()).toHaveLength(1);
});

test("the token expires after a day", async () => {
  await ensure({ public_base_url });
  const token = loggedToken();
  backend.clock.advance(24 * 3_600_000);
  expectProblem(await setUp(token), 403, "setup_token");
  await ensure({ public_base_url });
  expect((await setUp(loggedToken())).status).toBe(201);
});

test("tokens can't be guessed at speed", async () => {
  await ensure({ public_base_url });
  for (let n = 0; n < 10; n++) await setUp(`guess ${n}`);
  const refused = await setUp(loggedToken());
  expectProblem(refused, 429, "too_many_requests");
  expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
});
