import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser } from "../../test/browser.ts";
import { operations, propertiesOf, sample } from "../../test/operations.ts";
import type { OpenApi, Operation } from "../../test/operations.ts";
import { startRunningApp } from "../../test/running-app.ts";
import type { RunningApp } from "../../test/running-app.ts";

/*
 * Every operation of the OpenAPI document, asked with values that fit their type and nothing else.
 * The answer may be any but a failure of ours.
 */

const NUMBERS = ["2147483647", "2147483648", "999999999999999", "1e3", "-1", "0.5", "NaN", "0x10"];
const TIMES = [
  "2026-01-01T00:00:00+23:59",
  "2026-01-01T00:00:00-15:59",
  "0000-01-01T00:00:00Z",
  "9999-12-31T23:59:59Z",
  `2026-01-01T00:00:00.${"1".repeat(200)}Z`,
  "2199-12-31T23:59:59.999999999Z",
  "1900-01-01T00:00:00+14:00",
];
const TEXTS = [
  "",
  "\0",
  "\ud800",
  "%",
  "\\",
  "%25_",
  "'",
  "א".repeat(300),
  "-1.1",
  "1.1",
  "+491234",
];
const HOSTILE = [...NUMBERS, ...TIMES, ...TEXTS];

let app: RunningApp;
let owner: Browser;
let document: OpenApi;
beforeAll(async () => {
  app = await startRunningApp();
  ({ owner } = await app.business());
  document = (await owner.get("/api/openapi.json")).body;
});
afterAll(() => app?.stop());

const asked = () =>
  operations(document).filter(
    ({ id, answers }) =>
      answers !== "text/event-stream" &&
      !["login", "logout", "setup", "changePassword"].includes(id),
  );

async function ask(operation: Operation, path: string, body?: unknown): Promise<void> {
  const browser = operation.path.startsWith("/api/admin/") ? app.admin : owner;
  const answer = await browser.send(operation.method, path, body);
  const what = `${operation.method} ${path} ${JSON.stringify(body)}`;
  expect(answer.status, `${what}: ${answer.text}`).toBeLessThan(500);
}

const pathWith = (path: string, value: string) =>
  path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(value.replaceAll("\ud800", "x")));

test("no path makes the backend fail", async () => {
  for (const operation of asked().filter(({ path }) => path.includes("{"))) {
    const body = operation.body ? sample(operation.body, document) : undefined;
    await Promise.all(
      HOSTILE.map((value) => ask(operation, pathWith(operation.path, value), body)),
    );
  }
});

test("no query makes the backend fail", async () => {
  for (const operation of asked().filter(({ query }) => query.length > 0)) {
    const path = pathWith(operation.path, "1");
    const required = operation.query.filter((parameter) => parameter.required);
    const given = required.map(({ name, schema }) => [name, sample(schema, document, name)]);
    for (const { name } of operation.query) {
      const queryWith = (value: string) =>
        new URLSearchParams({ ...Object.fromEntries(given), [name]: value });
      await Promise.all(HOSTILE.map((value) => ask(operation, `${path}?${queryWith(value)}`)));
    }
  }
});

test("no field of a body makes the backend fail, and what was taken can be read again", async () => {
  // A password is hashed before the rest is stored, which is dear and tests nothing here.
  const hashes = ["createBusiness", "createUser", "updateUser"];
  const others = [...NUMBERS.map(Number), null, true, [], {}, [[]]];
  for (const operation of asked().filter(({ id, body }) => body && !hashes.includes(id))) {
    const path = pathWith(operation.path, "1");
    const whole = sample(operation.body!, document) as Record<string, unknown>;
    for (const [name, schema] of Object.entries(propertiesOf(operation.body, document))) {
      const values = schema.type === "string" ? HOSTILE : [...HOSTILE, ...others];
      await Promise.all(values.map((value) => ask(operation, path, { ...whole, [name]: value })));
    }
  }
  for (const operation of asked().filter(({ method }) => method === "GET")) {
    const needed = operation.query.some((parameter) => parameter.required);
    if (!needed && !operation.path.includes("{")) await ask(operation, operation.path);
  }
}, 60_000);
