import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { expectProblem } from "../../../test/browser.ts";
import { ADMIN, createPeople, PASSWORD } from "../../../test/people.ts";
import type { TestPeople } from "../../../test/people.ts";

let people: TestPeople;
beforeAll(async () => {
  people = await createPeople();
});
afterAll(() => people.close());

const tryLogin = (email: string, password: string) =>
  people.browser().post("/api/auth/login", { email, password });

test("the answer says who is signed in, and `me` says the same", async () => {
  const { business, email } = await people.business();
  const browser = people.browser();
  const answer = await browser.login(email.toUpperCase(), PASSWORD);
  expect(answer.body).toEqual({
    user: {
      id: expect.any(Number),
      business_id: business.id,
      email,
      name: "Owner 1",
      role: "owner",
      status: "active",
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    },
    tenant: business,
    impersonating: false,
    csrf_token: browser.cookies.get("al_csrf"),
    demo: false,
  });
  expect((await browser.get("/api/auth/me")).body).toEqual(answer.body);
  const admin = await people.browser().login(ADMIN.email, ADMIN.password);
  expect(admin.body).toMatchObject({ tenant: null, user: { role: "system_admin" } });
});

test("a code for an account without a second factor is taken and not needed", async () => {
  const answer = await people.browser().post("/api/auth/login", { ...ADMIN, totp: "123456" });
  expect(answer.status).toBe(200);
});

test("over plain http the cookies are Lax; only scripts' one is readable", async () => {
  const { headers } = await people.browser().login(ADMIN.email, ADMIN.password);
  const [session, csrf] = headers.getSetCookie();
  expect(session).toMatch(/^al_session=[\w-]{43}; path=\/; expires=[^;]+; samesite=lax; httponly$/);
  expect(csrf).toMatch(/^al_csrf=[\w-]{43}; path=\/; expires=[^;]+; samesite=lax$/);
});

test("behind https the cookies are Secure and SameSite=None, though TLS ends at the proxy", async () => {
  const secure = await createPeople({ secure_cookies: true });
  const { headers } = await secure.browser().login(ADMIN.email, ADMIN.password);
  const [session, csrf] = headers.getSetCookie();
  expect(session).toMatch(/; samesite=none; secure; httponly$/);
  expect(csrf).toMatch(/; samesite=none; secure$/);
  await secure.close();
});

test("what is stored of a session does not open it", async () => {
  const browser = people.browser();
  await browser.login(ADMIN.email, ADMIN.password);
  const token = browser.cookies.get("al_session")!;
  const rows = await people.db.inSystem((tx) => tx.trx("sessions").select("*"));
  expect(JSON.stringify(rows)).not.toContain(token);
  for (const row of rows) {
    browser.cookies.set("al_session", row.id_hash);
    expect((await browser.get("/api/auth/me")).status).toBe(401);
  }
});

test("unknown account, wrong password and suspended account can't be told apart", async () => {
  const { email, id } = await people.business();
  await people.admin.patch(`/api/admin/businesses/${id}`, { status: "suspended" });
  const unknown = await tryLogin("nobody@business.example", PASSWORD);
  const answers = [
    unknown,
    await tryLogin(email, "not the password"),
    await tryLogin(email, PASSWORD),
  ];
  for (const answer of answers) {
    expectProblem(answer, 401, "wrong_credentials");
    expect({ ...answer.body, request_id: "" }).toEqual({ ...unknown.body, request_id: "" });
    expect(answer.headers.getSetCookie()).toEqual([]);
  }
});

test("an unknown account costs the work of a hash, as a wrong password does", async () => {
  const verify = vi.spyOn(people.passwords, "verify");
  await tryLogin("a@nowhere.example", "not the password");
  expect(verify.mock.calls).toEqual([[null, "not the password"]]);
});

test("an account that was tried too often answers 429 and when to come back", async () => {
  const { email } = await people.business();
  const statuses = [];
  for (let n = 0; n < 6; n++) statuses.push((await tryLogin(email, "a guess")).status);
  expect(statuses).toEqual([401, 401, 401, 401, 401, 401]);
  const refused = await tryLogin(email, PASSWORD);
  expectProblem(refused, 429, "too_many_attempts");
  expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
  expect((await tryLogin(ADMIN.email, ADMIN.password)).status).toBe(200);
});

test("an address that tries too often is refused for every account", async () => {
  const other = await createPeople();
  let answer;
  for (let n = 0; n < 51; n++) {
    answer = await other
      .browser()
      .post("/api/auth/login", { email: `u${n}@nowhere.example`, password: "a guess" });
  }
  expectProblem(answer!, 429, "too_many_attempts");
  await other.close();
});

test("neither the log nor the audit has a password or a token in it", async () => {
  const text = JSON.stringify(people.logged);
  expect(text).toContain("[AUTH] signed in");
  expect(text).toContain("[AUTH] sign-in refused");
  for (const secret of [PASSWORD, ADMIN.password, people.admin.cookies.get("al_session")!]) {
    expect(text).not.toContain(secret);
  }
});
