import { execFile } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { claimDirectory } from "./claim.ts";
import { type Binaries, findBinaries } from "./embedded/binaries.ts";
import { stopOrphan } from "./embedded/orphan.ts";
import { chooseRunAs, type RunAs } from "./embedded/run-as.ts";
import { CLEAN_ENV, type Server, spawnServer } from "./embedded/server.ts";

export interface EmbeddedPostgresOptions {
  /** Where everything of it lives; made when absent. */
  readonly data_dir: string;
  /** A free one when absent. */
  readonly port?: number;
  /** More of postgresql.conf, e.g. `{ fsync: "off" }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  /** The product's own role and database: owner of its schema, not a superuser. */
  readonly url: string;
  /** The superuser's, for what only it may do (tests clone databases with it). */
  readonly admin_url: string;
  /** Settles when the server has ended, asked to or not. */
  readonly exited: Promise<void>;
  /** Ends it in order, within 40 seconds. */
  stop(): Promise<void>;
}

const NAME = "agentlocator";
const ADMIN = "postgres";
/** Crash recovery after a power cut may take its time. */
const STARTUP_MS = 120_000;

/** One random secret, 0600 beside the data; each role's password is derived from it. */
async function readSecret(file: string, cluster: string): Promise<string> {
  const known = (await readFile(file, "utf8").catch(() => "")).trim();
  if (known) return known;
  if (await stat(cluster).catch(() => undefined)) {
    throw new Error(`${file} is missing or empty, and without it ${cluster} can't be opened.`);
  }
  const secret = randomBytes(32).toString("hex");
  await writeFile(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}

async function initialise(bin: Binaries, cluster: string, password: string, run_as: RunAs) {
  const fresh = `${cluster}.new`;
  const password_file = `${cluster}.password`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  await writeFile(password_file, `${password}\n`, { mode: 0o600 });
  if (run_as.owner) {
    for (const path of [fresh, password_file]) {
      await chown(path, run_as.owner.uid, run_as.owner.gid);
    }
  }
  const [command = "", ...args] = [
    ...run_as.prefix,
    bin.initdb,
    `--pgdata=${fresh}`,
    `--username=${ADMIN}`,
    `--pwfile=${password_file}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    // PostgreSQL's own C.UTF-8 sorts the same on every machine the data may be carried to.
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
  ];
  try {
    await promisify(execFile)(command, args, { cwd: "/", env: CLEAN_ENV });
    // Only a finished cluster gets its name: a start killed half-way is begun again.
    await rename(fresh, cluster);
  } finally {
    await rm(password_file, { force: true });
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => probe.once("listening", done));
  const { port } = probe.address() as { port: number };
  await new Promise((done) => probe.close(done));
  return port;
}

async function untilReady(admin_url: string, server: Server, log: string): Promise<pg.Client> {
  let ended = false;
  void server.exited.then(() => (ended = true));
  const deadline = Date.now() + STARTUP_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: admin_url });
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (!ended && Date.now() < deadline) {
        await delay(60);
        continue;
      }
      const tail = (await readFile(log, "utf8").catch(() => "")).trim().split("\n").slice(-6);
      const what = ended ? "PostgreSQL ended while starting" : "PostgreSQL did not get ready";
      throw new Error(`${what}; ${log} ends with:\n${tail.join("\n")}`, { cause: error });
    }
  }
}

/** The product's role may create its own roles and owns its database, and is no more than that. */
async function prepare(client: pg.Client, password: string): Promise<void> {
  const has = async (sql: string) => (await client.query(sql, [NAME])).rowCount === 1;
  if (!(await has("select 1 from pg_roles where rolname = $1"))) {
    await client.query(`create role ${NAME} login createrole`);
  }
  await client.query(`alter role ${NAME} password ${client.escapeLiteral(password)}`);
  await client.query(`alter role ${NAME} set createrole_self_grant = 'set, inherit'`);
  if (!(await has("select 1 from pg_database where datname = $1"))) {
    await client.query(`create database ${NAME} owner ${NAME}`);
  }
}

/**
 * Starts a real PostgreSQL on the data under `data_dir`, made at the first start. It listens on
 * 127.0.0.1 alone and asks for a password. Left running by a killed parent, it is stopped first.
 * Throws `DirectoryInUse` while another process has it open, and an error that says what to do
 * when it can't start.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const data_dir = resolve(options.data_dir);
  const claim = await claimDirectory(data_dir);
  let server: Server | undefined;
  try {
    const bin = await findBinaries();
    const cluster = join(data_dir, "cluster");
    const log = join(data_dir, "postgres.log");
    // The database's own user passes through to the cluster; the files here are 0600.
    await chmod(data_dir, process.getuid?.() === 0 ? 0o711 : 0o700);
    const run_as = chooseRunAs(bin.postgres, data_dir, cluster);
    const secret = await readSecret(join(data_dir, "secret"), cluster);
    const passwordOf = (role: string) => createHmac("sha256", secret).update(role).digest("hex");
    if (await stat(cluster).catch(() => undefined)) await stopOrphan(cluster);
    else await initialise(bin, cluster, passwordOf(ADMIN), run_as);
    const port = options.port ?? (await freePort());
    const urlOf = (role: string) =>
      `postgres://${role}:${passwordOf(role)}@127.0.0.1:${port}/${role}`;
    const settings = {
      port: String(port),
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      timezone: "UTC",
      log_timezone: "UTC",
      // Up to 29 for each process of the backend.
      max_connections: "200",
      ...options.settings,
    };
    server = await spawnServer(bin.postgres, cluster, log, settings, run_as);
    const client = await untilReady(urlOf(ADMIN), server, log);
    try {
      await prepare(client, passwordOf(NAME));
    } finally {
      await client.end();
    }
    const { exited, stop } = server;
    return {
      url: urlOf(NAME),
      admin_url: urlOf(ADMIN),
      exited,
      async stop() {
        await stop();
        await claim.release();
      },
    };
  } catch (error) {
    await server?.stop();
    await claim.release();
    throw error;
  }
}
