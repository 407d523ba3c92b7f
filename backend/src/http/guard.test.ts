import { z } from "zod";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser } from "../../test/browser.ts";
import { expectProblem } from "../../test/browser.ts";
import { createPeople } from "../../test/people.ts";
import type { TestPeople } from "../../test/people.ts";
import { defineRoute } from "./route.ts";

const probe = { method: "get", summary: "probe", access: { public: "a test" } } as const;
const failing = defineRoute({
  ...probe,
  id: "failing",
  path: "/api/failing",
  response: z.void(),
  handler: async () => {
    throw new Error("the password is hunter2");
  },
});
const row = { name: "Dana", password_hash: "$argon2id" };
const leaking = defineRoute({
  ...probe,
  id: "leaking",
  path: "/api/leaking",
  response: z.object({ name: z.string() }),
  handler: async () => row,
});

let people: TestPeople;
let owner: Browser;
let agent: Browser;
beforeAll(async () => {
  people = await createPeople({ routes: () => [failing, leaking] });
  ({ owner } = await people.business());
  ({ browser: agent } = await people.user(owner, "agent", "agent@shop.example"));
});
afterAll(() => people.close());

/** A browser with the owner's session that sends other headers. */
function ownerWith(headers: Record<string, string>): Browser {
  const browser = people.browser();
  for (const [name, value] of owner.cookies) browser.cookies.set(name, value);
  Object.assign(browser.headers, headers);
  return browser;
}
const cookiesOf = ({ cookies }: Browser) =>
  [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
const change = (browser: Browser) => browser.patch("/api/settings", { slot_minutes: 25 });

test("a change needs the session's own CSRF token; reading needs none", async () => {
  const stranger = agent.cookies.get("al_csrf")!;
  for (const token of ["", "x", stranger, `${owner.cookies.get("al_csrf")}x`]) {
    expectProblem(await change(ownerWith({ "X-CSRF-Token": token })), 403, "csrf");
  }
  expect((await change(ownerWith({}))).status).toBe(200);
  expect((await ownerWith({ "X-CSRF-Token": "" }).get("/api/settings")).status).toBe(200);
});

test("a cookie that another site planted is no CSRF token", async () => {
  const browser = ownerWith({ "X-CSRF-Token": "planted" });
  browser.cookies.set("al_csrf", "planted");
  expectProblem(await change(browser), 403, "csrf");
});

test("another site's page can neither change anything nor sign in", async () => {
  for (const origin of ["https://evil.example", "null", "http://127.0.0.1.evil.example"]) {
    expectProblem(await change(ownerWith({ Origin: origin })), 403, "foreign_origin");
    const login = people.browser();
    login.headers.Origin = origin;
    const answer = await login.post("/api/auth/login", { email: "a", password: "b" });
    expectProblem(answer, 403, "foreign_origin");
  }
  for (const origin of [people.base, "http://localhost"]) {
    expect((await change(ownerWith({ Origin: origin }))).status).toBe(200);
  }
});

test("a path in other letters is another address, and no way around the token", async () => {
  const form = { "Content-Type": "application/x-www-form-urlencoded", Cookie: cookiesOf(owner) };
  for (const path of ["/API/users", "/Api/users", "/api/Users", "/api/users/"]) {
    const body = "email=x@shop.example&name=x&role=owner&password=a+good+password";
    const answer = await fetch(people.base + path, { method: "POST", headers: form, body });
    expect([403, 404, 415], `${path}: ${await answer.text()}`).toContain(answer.status);
  }
  expectProblem(await owner.get("/API/settings"), 404, "not_found");
});

test("what a plain form can send is not taken, however its length is told", async () => {
  const body = () => new Blob(["slot_minutes=25"]).stream();
  for (const type of ["application/x-www-form-urlencoded", "text/plain"]) {
    const answer = await fetch(`${people.base}/api/settings`, {
      method: "PATCH",
      headers: {
        "Content-Type": type,
        Cookie: cookiesOf(owner),
        "X-CSRF-Token": owner.cookies.get("al_csrf")!,
      },
      body: body(),
      duplex: "half",
    });
    expect(answer.status, type).toBe(415);
  }
});

test("what a plain form can send is not taken", async () => {
  for (const type of ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"]) {
    expectProblem(await change(ownerWith({ "Content-Type": type })), 415, "not_json");
  }
});

test("a body that is no JSON, or too large, is said to be so", async () => {
  const send = (body: string) =>
    fetch(`${people.base}/api/auth/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
  for (const [body, status] of [
    ["{", 400],
    ["[1]", 400],
    ["7", 400],
    [JSON.stringify({ email: "x".repeat(2_000_000) }), 413],
  ] as const) {
    const answer = await send(body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("Content-Type")).toContain("application/problem+json");
  }
});

test("a body whose compression is broken is the client's mistake", async () => {
  for (const encoding of ["gzip", "deflate", "br", "unknown"]) {
    const answer = await fetch(`${people.base}/api/auth/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Content-Encoding": encoding },
      body: "not compressed",
    });
    expect([400, 415], encoding).toContain(answer.status);
    expect(answer.headers.get("Content-Type")).toContain("application/problem+json");
  }
  expect(people.logged.filter(({ msg }) => msg === "[HTTP] request failed")).toEqual([]);
});

test("the character that the database can't keep is refused", async () => {
  const login = { email: "a\0@b.example", password: "x" };
  expectProblem(await people.browser().post("/api/auth/login", login), 400, "invalid_input");
  expectProblem(await owner.patch("/api/settings", { greeting: "a\0b" }), 400, "invalid_input");
});

test("unknown fields are refused by every route, in the body and in the query", async () => {
  for (const route of people.routes) {
    if (!route.path.startsWith("/api/") || route.id === "setup") continue;
    const path = route.path.replaceAll(/\{\w+\}/g, "1");
    const browser = "system" in route.access ? people.admin : owner;
    const method = route.method.toUpperCase() as "POST";
    const asked = [await browser.send(method, `${path}?surprise=1`, route.body && {})];
    const hasBody = ["post", "patch", "put"].includes(route.method);
    if (hasBody) asked.push(await browser.send(method, path, { surprise: 1 }));
    for (const answer of asked) {
      expectProblem(answer, 400, "invalid_input");
      expect(answer.text, route.id).toContain("surprise");
    }
  }
});

test("what is wrong is told briefly, however much is wrong", async () => {
  const names = Array.from({ length: 50_000 }, (_, i) => `field_${i}`);
  for (const body of [{ ["x".repeat(500_000)]: 1 }, Object.fromEntries(names.map((n) => [n, 1]))]) {
    const answer = await owner.patch("/api/settings", body);
    expectProblem(answer, 400, "invalid_input");
    expect(answer.text.length).toBeLessThan(2000);
  }
});

test("an agent gets 403 from exactly the routes that are the owner's", async () => {
  const refused: string[] = [];
  for (const route of people.routes) {
    if (!("business" in route.access)) continue;
    const path = route.path.replaceAll(/\{\w+\}/g, "1");
    const answer = await agent.send(route.method.toUpperCase() as "GET", path, route.body && {});
    if (answer.status === 403) {
      expectProblem(answer, 403, "not_allowed");
      refused.push(route.access.business);
    }
    const as_owner = await owner.send(route.method.toUpperCase() as "GET", path, route.body && {});
    expect(as_owner.status, route.id).not.toBe(403);
  }
  expect([...new Set(refused)].toSorted()).toEqual([
    "audit.read",
    "settings.write",
    "users.manage",
  ]);
});

test("an unknown address and a wrong method are problems too, with the caller's request id", async () => {
  expectProblem(await owner.get("/api/nothing"), 404, "not_found");
  expectProblem(await owner.send("PUT", "/api/settings", {}), 405, "method_not_allowed");
  const answer = await ownerWith({ "X-Request-Id": "abc-123_xyz" }).get("/api/nothing");
  expect(answer.body.request_id).toBe("abc-123_xyz");
  const forged = await ownerWith({ "X-Request-Id": "<script>" }).get("/api/nothing");
  expect(forged.body.request_id).toMatch(/^[\w-]{36}$/);
});

test("a failure of ours says nothing of its inside; the log has it, with the request's id", async () => {
  const answer = await owner.get("/api/failing");
  expectProblem(answer, 500, "internal");
  expect(answer.text).not.toContain("hunter2");
  expect(people.logged).toContainEqual(
    expect.objectContaining({
      msg: "[HTTP] request failed",
      request_id: answer.body.request_id,
      err: expect.objectContaining({ message: "the password is hunter2" }),
    }),
  );
});

test("a column that the answer's shape does not name is left out", async () => {
  expect((await owner.get("/api/leaking")).body).toEqual({ name: "Dana" });
});
