import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDb } from "../../test/database.ts";
import type { TestDb } from "../../test/database.ts";
import { columnsByTable, fillEveryTable, foreignKeys } from "../../test/every-table.ts";
import type { Row } from "../../test/every-table.ts";
import { createDatabase } from "./database.ts";
import type { BusinessTx, Database } from "./database.ts";

const APP = "agentlocator_app";
const SYSTEM = "agentlocator_system";
const DENIED = "42501";

let test_db: TestDb;
let db: Database;
/** The product's own login, in no role: what a forgotten `inBusiness` would have. */
let login: pg.Client;
const [A, B] = [101, 202];
let rows_of_a: Map<string, Row>;
let rows_of_b: Map<string, Row>;

beforeAll(async () => {
  test_db = await createTestDb();
  db = createDatabase(test_db.url, { max: 4 });
  login = new pg.Client({ connectionString: test_db.url });
  await login.connect();
  [rows_of_a, rows_of_b] = await db.inSystem(async (tx) => {
    for (const id of [A, B]) {
      await tx.trx.raw("insert into businesses (id, name) overriding system value values (?, ?)", [
        id,
        `business ${id}`,
      ]);
      const user = { business_id: id, email: `${id}@x.example`, name: "x", role: "owner" };
      await tx.trx("users").insert({ ...user, password_hash: "x" });
      await tx.trx("settings").insert({ business_id: id, ...SETTINGS });
    }
    return [await fillEveryTable(tx, A, "aaa"), await fillEveryTable(tx, B, "bbb")];
  });
});

afterAll(async () => {
  await login.end();
  await db.close();
  await test_db.drop();
});

const SETTINGS = {
  ...{ ai_prompt: "", greeting: "", greeting_mode: "play", voice: "x", language: "he" },
  ...{ timezone: "UTC", business_hours: "{}", slot_minutes: 30, closed_dates: "[]", vad: "{}" },
  ...{ barge_in: true, whatsapp_provider: "auto", ai_enabled_calls: true },
  ...{ ai_enabled_whatsapp: true, human_pause_minutes: 1 },
};

async function ask<T>(sql: string, values: unknown[] = []): Promise<T[]> {
  return (await login.query(sql, values)).rows;
}

/** SQLSTATE of what B's attempt runs into, or what it gives; nothing of it stays. */
async function attempt(run: (tx: BusinessTx) => Promise<unknown>): Promise<unknown> {
  const undo = new Error("undo");
  let result: unknown;
  try {
    await db.inBusiness(B, async (tx) => {
      result = await run(tx);
      throw undo;
    });
  } catch (error) {
    if (error !== undo) return (error as { code?: string }).code;
  }
  return result;
}

describe("the catalogue", () => {
  interface Table {
    name: string;
    secured: boolean;
    /** One of the two roles, or everybody, has some right to it. */
    open: boolean;
    has_business: boolean;
  }

  const tables = () =>
    ask<Table>(`
      select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as secured,
        exists (select from aclexplode(c.relacl) g
          where g.grantee in (0, '${APP}'::regrole, '${SYSTEM}'::regrole)
        ) or exists (select from pg_attribute a, aclexplode(a.attacl) g where a.attrelid = c.oid
          and g.grantee in (0, '${APP}'::regrole, '${SYSTEM}'::regrole)) as open,
        exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'business_id'
          and not a.attisdropped) as has_business
      from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'f', 'm')
        and c.relname not like 'knex\\_%'`);

  const policies = () =>
    ask<{ table: string; role: string; permissive: boolean; sees: string; writes: string }>(`
      select p.polrelid::regclass::text as table, coalesce(r.rolname, 'public') as role,
        p.polpermissive as permissive, pg_get_expr(p.polqual, p.polrelid) as sees,
        coalesce(pg_get_expr(p.polwithcheck, p.polrelid), pg_get_expr(p.polqual, p.polrelid))
          as writes
      from pg_policy p cross join unnest(p.polroles) as role_id
        left join pg_roles r on r.oid = role_id`);

  test("every table is secured, and a table that is not is closed to both roles", async () => {
    const all = await tables();
    expect(all.length).toBeGreaterThan(15);
    expect(all.filter((table) => table.open && !table.secured)).toEqual([]);
    expect(all.filter((table) => table.has_business && !table.secured)).toEqual([]);
  });

  test("every open table has its policies: the system's, and the business's by its id", async () => {
    const found = await policies();
    const of = (table: string, role: string) =>
      found.filter((policy) => policy.table === table && policy.role === role);
    for (const { name, has_business } of (await tables()).filter((table) => table.open)) {
      expect(of(name, SYSTEM), name).toMatchObject([{ sees: "true", writes: "true" }]);
      const column = name === "businesses" ? "id" : has_business ? "business_id" : null;
      if (column === null) continue;
      const own = `(${column} = acting_business())`;
      expect(of(name, APP), name).toEqual([
        { table: name, role: APP, permissive: true, sees: own, writes: own },
      ]);
    }
  });

  test("no policy is for everybody, and none of a business's is without a condition", async () => {
    const found = await policies();
    expect(found.filter(({ role }) => role !== APP && role !== SYSTEM)).toEqual([]);
    expect(
      found.filter(({ role, sees, writes }) => role === APP && [sees, writes].includes("true")),
    ).toEqual([]);
  });

  test("no role of the product passes by row level security", async () => {
    const roles = await ask<{ name: string; above: boolean; login: boolean }>(`
      select rolname as name, rolsuper or rolbypassrls as above, rolcanlogin as login
      from pg_roles where rolname in ('${APP}', '${SYSTEM}') or rolname = current_user`);
    expect(roles).toHaveLength(3);
    expect(roles.filter(({ above }) => above)).toEqual([]);
    expect(roles.filter(({ login }) => login)).toHaveLength(1);
  });

  test("views show what their reader may see", async () => {
    const views = await ask(`
      select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'v'
        and not coalesce('security_invoker=true' = any (reloptions), false)`);
    expect(views).toEqual([]);
  });

  test("functions with their owner's rights pin their search path and are not for all", async () => {
    const functions = await ask(`
      select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef and (
        not coalesce(array_to_string(proconfig, ',') like 'search_path=%', false)
        or has_function_privilege('public', oid, 'execute'))`);
    expect(functions).toEqual([]);
  });

  test("a reference between two tables of a business can't leave the business", async () => {
    const { keys, columns } = await db.inSystem(async ({ trx }) => ({
      keys: await foreignKeys(trx),
      columns: await columnsByTable(trx),
    }));
    const inBusiness = (table: string) =>
      columns.get(table)!.some(({ name }) => name === "business_id");
    const between = keys.filter((key) => inBusiness(key.table) && inBusiness(key.target));
    expect(between.length).toBeGreaterThan(10);
    const loose = between.filter((key) => {
      const at = key.columns.indexOf("business_id");
      return at < 0 || key.target_columns[at] !== "business_id";
    });
    expect(loose).toEqual([]);
  });
});

describe("rows of another business", () => {
  test("were made in every table that has a business", async () => {
    const columns = await db.inSystem(({ trx }) => columnsByTable(trx));
    const tables = [...columns]
      .filter(([, list]) => list.some(({ name }) => name === "business_id"))
      .map(([table]) => table);
    expect([...rows_of_a.keys()].toSorted()).toEqual(tables.toSorted());
    expect(tables).toEqual(expect.arrayContaining(["calls", "messages", "tasks", "users"]));
  });

  test("are invisible, while one's own are there", async () => {
    for (const table of ["businesses", ...rows_of_a.keys()]) {
      const column = table === "businesses" ? "id" : "business_id";
      const ids = await db.inBusiness(B, ({ trx }) => trx(table).pluck(column));
      expect(new Set(ids), table).toEqual(new Set([B]));
    }
  });

  test("can't be changed or removed", async () => {
    for (const table of rows_of_a.keys()) {
      const change = ({ trx }: BusinessTx) =>
        trx(table).where("business_id", A).update({ business_id: B });
      const removal = ({ trx }: BusinessTx) => trx(table).where("business_id", A).delete();
      for (const run of [change, removal]) {
        expect([0, DENIED], table).toContain(await attempt(run));
      }
    }
  });

  test("can't be made, and one's own can't be given away", async () => {
    for (const [table, row] of rows_of_a) {
      const copy = Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          value !== null && typeof value === "object" && !Buffer.isBuffer(value)
            ? JSON.stringify(value)
            : value,
        ]),
      );
      // The next identity, so that nothing but the business can be wrong.
      if (typeof copy.id === "number") delete copy.id;
      expect(await attempt(({ trx }) => trx(table).insert(copy)), table).toBe(DENIED);
      const gift = ({ trx }: BusinessTx) => trx(table).update({ business_id: A });
      expect(await attempt(gift), table).toBe(DENIED);
    }
  });

  test("can't be referred to", async () => {
    const contact_id = rows_of_a.get("contacts")!.id as number;
    const task = { business_id: B, title: "x", contact_id };
    expect(await attempt(({ trx }) => trx("tasks").insert(task))).toBe("23503");
  });

  test("sessions of another business's users can't be seen or ended", async () => {
    await db.inSystem(async ({ trx }) => {
      for (const rows of [rows_of_a, rows_of_b]) {
        const user_id = rows.get("users")!.id as number;
        const expires_at = new Date(Date.now() + 60_000);
        await trx("sessions").insert({
          id_hash: `${user_id}`,
          user_id,
          csrf_token: "x",
          expires_at,
        });
      }
    });
    const own = rows_of_b.get("users")!.id;
    expect(await attempt(({ trx }) => trx("sessions").pluck("user_id"))).toEqual([own]);
    expect(await attempt(({ trx }) => trx("sessions").delete())).toBe(1);
    expect(await attempt(({ trx }) => trx("sessions").select("csrf_token"))).toBe(DENIED);
  });

  test("no link to the password of another business's user can be made, none be read", async () => {
    const expires_at = new Date(Date.now() + 60_000);
    const link = (rows: Map<string, Row>) => ({
      ...{ token_hash: `${rows.get("users")!.id}`, user_id: rows.get("users")!.id, expires_at },
    });
    await db.inSystem(({ trx }) => trx("password_links").insert(link(rows_of_a)));
    const steal = { ...link(rows_of_a), token_hash: "x" };
    expect(await attempt(({ trx }) => trx("password_links").insert(steal))).toBe(DENIED);
    await db.inBusiness(B, ({ trx }) => trx("password_links").insert(link(rows_of_b)));
    expect(await attempt(({ trx }) => trx("password_links").select("token_hash"))).toBe(DENIED);
    const own = rows_of_b.get("users")!.id;
    expect(await attempt(({ trx }) => trx("password_links").pluck("user_id"))).toEqual([own]);
    expect(await attempt(({ trx }) => trx("password_links").delete())).toBe(1);
  });
});

describe("outside of a business", () => {
  test("the login alone sees no row of any table", async () => {
    for (const table of ["businesses", ...rows_of_a.keys()]) {
      expect(await ask(`select 1 from ${table}`), table).toEqual([]);
    }
  });

  test("a connection that served a business is nobody's afterwards", async () => {
    const single = createDatabase(test_db.url, { max: 1 });
    await single.inBusiness(A, ({ trx }) => trx("contacts").select("id"));
    const left = await single.inSystem(({ trx }) =>
      trx.raw("select acting_business() as business").then(({ rows }) => rows[0].business),
    );
    expect(left).toBeNull();
    expect(await single.inBusiness(B, ({ trx }) => trx("contacts").pluck("business_id"))).toEqual([
      B,
    ]);
    await single.close();
  });
});

describe("jobs", () => {
  const payloads = () =>
    ask<{ payload: object }>("select payload from graphile_worker._private_jobs order by id desc");

  test("a job added in a business is that business's, whatever its payload says", async () => {
    await db.inBusiness(B, (tx) => tx.enqueue("some.task", { business_id: A, thread_id: 7 }));
    expect((await payloads())[0]!.payload).toEqual({ business_id: B, thread_id: 7 });
  });

  test("the system says for which business a job is", async () => {
    await db.inSystem((tx) => tx.enqueue("some.task", { business_id: A }));
    expect((await payloads())[0]!.payload).toEqual({ business_id: A });
  });

  test("a business sees nobody's jobs, and its own go with its transaction", async () => {
    const look = ({ trx }: BusinessTx) => trx.raw("select * from graphile_worker._private_jobs");
    expect(await attempt(look)).toBe(DENIED);
    const before = (await payloads()).length;
    await attempt((tx) => tx.enqueue("some.task", {}));
    expect(await payloads()).toHaveLength(before);
  });
});
