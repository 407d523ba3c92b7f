import { readdirSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { pino } from "pino";
import { expect, inject, test } from "vitest";
import { cuttable } from "../../../lab/e2e/cuttable.ts";
import { createTestDb } from "../../test/database.ts";
import { migrate, migrateWhenThere } from "./migrate.ts";
import { migrations } from "./migrations/index.ts";

test("the list holds every file of the folder, in order", async () => {
  const folder = readdirSync(join(import.meta.dirname, "migrations"))
    .filter((file) => /^\d{8}_\d{4}_\w+\.ts$/.test(file))
    .map((file) => file.replace(/\.ts$/, ""));
  const listed = await migrations.getMigrations([]);
  expect(listed).toEqual(folder.toSorted());
});

test("several processes may migrate an empty database at once, even where one was killed", async () => {
  const { admin_url, template_url } = inject("postgres");
  const admin = new pg.Client({ connectionString: admin_url });
  await admin.connect();
  await admin.query("create database migrate_at_once owner agentlocator");
  const url = template_url.replace(/[^/]+$/, "migrate_at_once");
  try {
    await Promise.all([migrate(url), migrate(url), migrate(url)]);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    // What a process leaves that is killed while it migrates:
    await client.query("update knex_migrations_lock set is_locked = 1");
    await migrate(url);
    const { rows } = await client.query("select name from knex_migrations order by id");
    expect(rows.map((row) => row.name)).toEqual(await migrations.getMigrations([]));
    await client.end();
  } finally {
    await admin.query("drop database migrate_at_once with (force)");
    await admin.end();
  }
});

test("code works on a newer schema, until that needs to know more", async () => {
  const { url, drop } = await createTestDb();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    "insert into knex_migrations (name, batch, migration_time) values ('20991231_2359_later', 2, now())",
  );
  await migrate(url);
  await client.query("set role agentlocator_system");
  await client.query("insert into schema_floor values ('20991231_2359_later')");
  await expect(migrate(url)).rejects.toThrow("one with 20991231_2359_later");
  await client.end();
  await drop();
});

test("a database that is away for a moment is waited for, and not for ever", async () => {
  const { url, drop } = await createTestDb();
  const direct = new URL(url);
  const line = await cuttable({ host: direct.hostname, port: Number(direct.port) });
  direct.port = String(line.port);
  line.cut();
  const tries = Promise.withResolvers<void>();
  const log = pino({ level: "warn" }, { write: () => tries.resolve() });
  await expect(migrateWhenThere(direct.href, log, 0)).rejects.toThrow();
  const migrated = migrateWhenThere(direct.href, log);
  await tries.promise;
  line.mend();
  await migrated;
  line.close();
  await drop();
});
