import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isAlive } from "../../test/processes.ts";
import { DirectoryInUse } from "./claim.ts";
import { startEmbeddedPostgres } from "./embedded.ts";
import { stopOrphan } from "./embedded/orphan.ts";

let data_dir: string;
const held: ChildProcess[] = [];

beforeEach(async () => {
  data_dir = await mkdtemp(join(tmpdir(), "agentlocator-embedded-"));
});

afterEach(async () => {
  for (const child of held.splice(0)) child.kill("SIGKILL");
  // Killing the parent leaves the server: it would still write into what is removed here.
  await stopOrphan(join(data_dir, "cluster"));
  await rm(data_dir, { recursive: true, force: true });
});

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = await connect(url);
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Another process that has the data open; the address it got. */
async function holdElsewhere(): Promise<{ child: ChildProcess; url: string }> {
  const script = join(import.meta.dirname, "../../test/fixtures/hold-postgres.ts");
  const child = spawn(process.execPath, [script, data_dir], { stdio: ["ignore", "pipe", 2] });
  held.push(child);
  const [url] = await once(createInterface({ input: child.stdout! }), "line");
  return { child, url: String(url) };
}

async function postmaster(): Promise<number> {
  return Number.parseInt(await readFile(join(data_dir, "cluster/postmaster.pid"), "utf8"), 10);
}

test("what was written is there at the next start", async () => {
  const first = await startEmbeddedPostgres({ data_dir });
  await ask(first.url, "create table kept as select 'שלום' as word");
  await first.stop();
  await first.exited;
  const second = await startEmbeddedPostgres({ data_dir });
  expect(await ask(second.url, "select word, length(word) from kept")).toEqual([
    { word: "שלום", length: 4 },
  ]);
  await second.stop();
});

test("the product's role owns its database and is no superuser; strangers are refused", async () => {
  const postgres = await startEmbeddedPostgres({ data_dir });
  try {
    const who = "select rolsuper, rolcreaterole, rolbypassrls from pg_roles where rolname = user";
    expect(await ask(postgres.url, who)).toEqual([
      { rolsuper: false, rolcreaterole: true, rolbypassrls: false },
    ]);
    expect(await ask(postgres.url, "show listen_addresses")).toEqual([
      { listen_addresses: "127.0.0.1" },
    ]);
    await expect(ask(postgres.url.replace(/:[0-9a-f]+@/, ":guess@"), "select 1")).rejects.toThrow(
      /password authentication failed/,
    );
    expect((await stat(join(data_dir, "secret"))).mode & 0o777).toBe(0o600);
    expect((await stat(join(data_dir, "cluster"))).mode & 0o777).toBe(0o700);
    const environment = await readFile(`/proc/${await postmaster()}/environ`, "utf8");
    expect(environment).not.toContain("VITEST");
  } finally {
    await postgres.stop();
  }
});

test("a second start on the same data names who has it", async () => {
  const { child } = await holdElsewhere();
  const refused = await startEmbeddedPostgres({ data_dir }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(DirectoryInUse);
  expect((refused as DirectoryInUse).pid).toBe(child.pid);
});

test("killed with everything it started: recovered at the next start", async () => {
  const { child, url } = await holdElsewhere();
  await ask(url, "create table survivor ()");
  process.kill(await postmaster(), "SIGKILL");
  child.kill("SIGKILL");
  await once(child, "exit");
  const postgres = await startEmbeddedPostgres({ data_dir });
  expect(await ask(postgres.url, "select * from survivor")).toEqual([]);
  await postgres.stop();
});

test("a database left running by a killed parent is stopped and taken over", async () => {
  const { child, url } = await holdElsewhere();
  // A session that stays open keeps the orphan alive.
  const session = await connect(url);
  const orphan = await postmaster();
  child.kill("SIGKILL");
  await once(child, "exit");
  const ended = new Promise((resolve) => session.once("end", resolve));
  const postgres = await startEmbeddedPostgres({ data_dir });
  await ended;
  expect(await postmaster()).not.toBe(orphan);
  expect(await ask(postgres.url, "select 1 as one")).toEqual([{ one: 1 }]);
  await postgres.stop();
});

test("without its parent the database ends by itself once its sessions have", async () => {
  const { child, url } = await holdElsewhere();
  const session = await connect(url);
  const pid = await postmaster();
  child.kill("SIGKILL");
  await once(child, "exit");
  await session.query("select 1");
  await session.end();
  await expect.poll(() => isAlive(pid), { timeout: 15_000 }).toBe(false);
});

test("a start that fails says what PostgreSQL said, and lets go of the directory", async () => {
  const failing = startEmbeddedPostgres({ data_dir, settings: { shared_buffers: "much" } });
  await expect(failing).rejects.toThrow(/invalid value for parameter "shared_buffers"/);
  const postgres = await startEmbeddedPostgres({ data_dir });
  await postgres.stop();
});
