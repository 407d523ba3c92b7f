import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Browser } from "../../test/browser.ts";
import { createTestDb } from "../../test/database.ts";
import type { TestDb } from "../../test/database.ts";
import { fillEveryTable } from "../../test/every-table.ts";
import type { Row } from "../../test/every-table.ts";
import {
  fillPath,
  keyOf,
  operations,
  propertiesOf,
  sample,
  tableOf,
} from "../../test/operations.ts";
import type { OpenApi, Operation } from "../../test/operations.ts";
import { startApp } from "../app.ts";
import type { App } from "../app.ts";
import { createDatabase } from "../db/database.ts";
import type { Database } from "../db/database.ts";
import { parseEnv } from "../platform/env.ts";
import { createLog } from "../platform/log.ts";

/*
 * Two businesses with a row in every table, and every operation of the OpenAPI document of the
 * running backend: what is asked with the other's ids is not there. A new table or route takes
 * part by itself; one that can't be tried fails here.
 */

const PASSWORD = "a good password";
const ADMIN = { email: "admin@agency.example", password: PASSWORD };

interface Side {
  id: number;
  browser: Browser;
  rows: Map<string, Row>;
  /** What nobody else may ever be shown. */
  secrets: string[];
}

let test_db: TestDb;
let data_dir: string;
let db: Database;
let app: App;
let base: string;
let admin: Browser;
let document: OpenApi;
let ours: Side;
let theirs: Side;
const log_lines: string[] = [];

beforeAll(async () => {
  test_db = await createTestDb();
  data_dir = await mkdtemp(join(tmpdir(), "agentlocator-isolation-"));
  const env = parseEnv({
    DATABASE_URL: test_db.url,
    APP_SECRET: "0123456789abcdef0123456789abcdef",
    PORT: "0",
    HOST: "127.0.0.1",
    DATA_DIR: data_dir,
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
  });
  app = await startApp(env, createLog("warn", { write: (line) => void log_lines.push(line) }));
  base = `http://127.0.0.1:${app.port}`;
  db = createDatabase(test_db.url, { max: 4 });
  admin = new Browser(base);
  await admin.login(ADMIN.email, ADMIN.password);
  ours = await makeSide("ours", "+97235550001");
  theirs = await makeSide("theirs", "+97235550002");
  document = (await admin.get("/api/openapi.json")).body;
});

afterAll(async () => {
  await app?.close();
  await db?.close();
  await test_db?.drop();
  await rm(data_dir, { recursive: true, force: true });
});

async function makeSide(name: string, phone_number: string): Promise<Side> {
  const marker = `<only-${name}>`;
  const owner = { email: `${name}@shop.example`, name: marker, password: PASSWORD };
  const made = await admin.post("/api/admin/businesses", { name: marker, phone_number, owner });
  expect(made.status, made.text).toBe(201);
  const { id } = made.body;
  const rows = await db.inSystem(async (tx) => {
    const rows = await fillEveryTable(tx, id, marker);
    return rows.set("businesses", await tx.trx("businesses").where({ id }).first());
  });
  const files = [...rows.values()].flatMap(Object.entries).filter(([key]) => key.endsWith("_path"));
  for (const [, path] of files) {
    await mkdir(join(data_dir, dirname(path)), { recursive: true });
    await writeFile(join(data_dir, path), marker);
  }
  const browser = new Browser(base);
  await browser.login(owner.email, PASSWORD);
  const secrets = [marker, phone_number, owner.email, String(rows.get("calls")!.call_sid)];
  return { id, browser, rows, secrets };
}

/** Asks; of a stream that does not end, what comes in its first moment. */
async function ask(
  browser: Browser,
  operation: Operation,
  path: string,
  body?: unknown,
): Promise<{ status: number; text: string }> {
  if (operation.answers !== "text/event-stream") return browser.send(operation.method, path, body);
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const ended = new AbortController();
  const response = await fetch(browser.base + path, {
    headers: { Cookie: cookie, "Last-Event-ID": "0" },
    signal: ended.signal,
  });
  let text = "";
  try {
    const decoder = new TextDecoder();
    setTimeout(() => ended.abort(), 500);
    for await (const chunk of response.body!) text += decoder.decode(chunk, { stream: true });
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  }
  return { status: response.status, text };
}

/** Every operation for those who are signed in. */
const all = () => operations(document).filter((operation) => !operation.public);
const reads = () => all().filter(({ method }) => method === "GET");
const system = ({ path }: Operation) => path.startsWith("/api/admin/");
const hasId = ({ path }: Operation) => path.includes("{");

/** The required query, with more of it when given. */
function queryOf(operation: Operation, more: Record<string, unknown> = {}): string {
  const required = operation.query.filter((parameter) => parameter.required);
  const given = required.map(({ name, schema }) => [name, sample(schema, document, name)]);
  const query = new URLSearchParams({ ...Object.fromEntries(given), ...more }).toString();
  return query && `?${query}`;
}

function expectNothingOf(side: Side, text: string, what: string): void {
  for (const secret of side.secrets) expect(text, what).not.toContain(secret);
}

test("the document has the product's routes", () => {
  expect(all().length).toBeGreaterThan(40);
  const ids = all().map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("their owner, or the agency, can read everything of theirs: the ids are good", async () => {
  for (const operation of reads()) {
    const browser = system(operation) ? admin : theirs.browser;
    const path = fillPath(operation.path, theirs.rows) + queryOf(operation);
    const answer = await ask(browser, operation, path);
    expect(answer.status, `${operation.id} ${path}: ${answer.text}`).toBe(200);
  }
});

test("their lists have something in them", async () => {
  const empty: string[] = [];
  for (const operation of reads()) {
    if (hasId(operation) || system(operation) || operation.answers !== "application/json") continue;
    const { body } = await theirs.browser.get(operation.path + queryOf(operation));
    if (body.items?.length === 0) empty.push(operation.id);
  }
  expect(empty).toEqual([]);
});

test("whatever is read with their ids is not there for us", async () => {
  for (const operation of reads().filter(hasId)) {
    const path = fillPath(operation.path, theirs.rows) + queryOf(operation);
    const answer = await ask(ours.browser, operation, path);
    expect(answer.status, `${operation.id} ${path}: ${answer.text}`).toBe(404);
    expectNothingOf(theirs, answer.text, operation.id);
  }
});

test("no list of ours has anything of theirs, also when asked with their ids", async () => {
  for (const operation of reads().filter((one) => !hasId(one))) {
    const queries: Record<string, unknown>[] = [{}, { business_id: theirs.id }];
    for (const { name } of operation.query) {
      const table = tableOf(name);
      if (table) queries.push({ [name]: keyOf(theirs.rows, table) });
      if (name === "q") queries.push({ q: "only-theirs" });
    }
    for (const more of queries) {
      const path = operation.path + queryOf(operation, more);
      const answer = await ask(ours.browser, operation, path);
      // A filter by what is not there may find nothing, or say so.
      const fine = system(operation) ? [404] : Object.keys(more).length > 0 ? [200, 404] : [200];
      expect(fine, `${operation.id} ${path}`).toContain(answer.status);
      // What was asked may be told back, but nothing else.
      expectNothingOf(theirs, answer.text.replaceAll("only-theirs", ""), path);
    }
  }
});

test("nothing of theirs can be changed, and their rows are as they were", async () => {
  const before = await everythingOf(theirs);
  const tried: string[] = [];
  for (const operation of all().filter((one) => one.method !== "GET" && hasId(one))) {
    const path = fillPath(operation.path, theirs.rows) + queryOf(operation);
    const body = operation.body ? sample(operation.body, document) : undefined;
    const answer = await ask(ours.browser, operation, path, body);
    expect(answer.status, `${operation.method} ${path}: ${answer.text}`).toBe(404);
    tried.push(operation.id);
  }
  expect(tried.length).toBeGreaterThan(5);
  expect(await everythingOf(theirs)).toEqual(before);
});

test("nothing of ours can be tied to something of theirs", async () => {
  const before = await everythingOf(theirs);
  const tried: string[] = [];
  for (const operation of all().filter(({ body }) => body)) {
    for (const name of Object.keys(propertiesOf(operation.body, document))) {
      const table = tableOf(name);
      if (!table || !theirs.rows.has(table)) continue;
      const path = fillPath(operation.path, ours.rows) + queryOf(operation);
      const body = { ...(sample(operation.body!, document) as object) };
      const answer = await ask(ours.browser, operation, path, {
        ...body,
        [name]: keyOf(theirs.rows, table),
      });
      const what = `${operation.id} with their ${name}: ${answer.status} ${answer.text}`;
      expect([400, 404, 409, 422], what).toContain(answer.status);
      expectNothingOf(theirs, answer.text, what);
      tried.push(what);
    }
  }
  expect(tried.length).toBeGreaterThan(5);
  expect(await everythingOf(theirs)).toEqual(before);
});

test("without signing in there is nothing at all", async () => {
  for (const operation of all()) {
    const path = fillPath(operation.path, theirs.rows) + queryOf(operation);
    const body = operation.body ? sample(operation.body, document) : undefined;
    const answer = await ask(new Browser(base), operation, path, body);
    expect(answer.status, `${operation.id}: ${answer.text}`).toBe(401);
  }
});

test("none of it was a failure of ours", () => {
  expect(log_lines.filter((line) => line.includes("[HTTP] request failed"))).toEqual([]);
});

function everythingOf(side: Side): Promise<Record<string, Row[]>> {
  return db.inBusiness(side.id, async ({ trx }) => {
    const found: Record<string, Row[]> = {};
    for (const table of side.rows.keys())
      found[table] = await trx(table).select("*").orderByRaw("1, 2");
    return found;
  });
}
