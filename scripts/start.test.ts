import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDb } from "../backend/test/database.ts";
import { isAlive } from "../backend/test/processes.ts";
import { freePort } from "./lib/ports.ts";
import { descendants, pidOf, start, type Started } from "./test-support/started.ts";

let data_dir: string;
const all: Started[] = [];

beforeEach(async () => {
  data_dir = await mkdtemp(join(tmpdir(), "agentlocator-start-"));
});

afterEach(async () => {
  for (const each of all.splice(0)) {
    each.child.kill("SIGTERM");
    await each.ended;
  }
  await rm(data_dir, { recursive: true, force: true });
});

function launch(env?: NodeJS.ProcessEnv): Started {
  const started = start(data_dir, env);
  all.push(started);
  return started;
}

async function up(env?: NodeJS.ProcessEnv): Promise<Started & { address: string }> {
  const started = launch(env);
  const [, address = ""] = await started.line(/^address: (.+)$/m);
  return { ...started, address: address.replace("localhost", "127.0.0.1") };
}

const status = (url: string) =>
  fetch(url).then(
    (response) => response.status,
    () => 0,
  );

async function answers(url: string, wanted: number): Promise<void> {
  await expect.poll(() => status(url), { timeout: 30_000, interval: 20 }).toBe(wanted);
}

test("everything comes up on one port, ends in order, and comes up again on its data", async () => {
  const first = await up();
  expect(await status(`${first.address}/readyz`)).toBe(200);
  expect(await status(first.address)).toBe(200);
  const below = descendants(first.pid);
  expect(below.length).toBeGreaterThan(3);
  first.child.kill("SIGTERM");
  expect(await first.ended).toBe(0);
  expect(below.filter(isAlive)).toEqual([]);
  for (const name of ["app_secret", "gateway_secret", "postgres/secret"]) {
    expect((await stat(join(data_dir, name))).mode & 0o777).toBe(0o600);
  }
  const secret = await readFile(join(data_dir, "app_secret"), "utf8");
  expect(first.output()).not.toContain(secret.trim());

  const second = await up();
  expect(await status(`${second.address}/readyz`)).toBe(200);
  expect(await readFile(join(data_dir, "app_secret"), "utf8")).toBe(secret);
});

test("a taken port is named, before anything is started", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const refused = launch({ PORT: String(port) });
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toContain(`Port ${port} is taken`);
  expect(await readdir(data_dir)).toEqual([]);
  other.close();
});

test("what is wrong in the environment is named, with exit code 78", async () => {
  const started = launch({ LOG_LEVEL: "loud", TWILIO_ACCOUNT_SID: "AC-secret" });
  expect(await started.ended).toBe(78);
  expect(started.output()).toMatch(/LOG_LEVEL: .*\n.*TWILIO_ACCOUNT_SID: /);
  expect(started.output()).not.toContain("AC-secret");
  expect(await readdir(data_dir)).toEqual([]);
});

test("whatever part dies comes back, and the data stays with the start that has it", async () => {
  const port = await freePort();
  const started = await up({ BAILEYS_OUTBOUND_URL: `http://127.0.0.1:${port}/send` });
  const ready = `${started.address}/readyz`;
  const kill = (part: string) => process.kill(pidOf(descendants(started.pid), part), "SIGKILL");

  const second = launch();
  expect(await second.ended).toBe(1);
  expect(second.output()).toContain(`already in use by process ${started.pid}`);

  const gateway = `http://127.0.0.1:${port}`;
  await answers(`${gateway}/healthz`, 200);
  expect(await status(`${gateway}/health`)).toBe(401);
  kill("baileys/src/main.ts");
  await started.line(/The WhatsApp gateway was ended by SIGKILL; starting it again/);
  await answers(`${gateway}/healthz`, 200);

  kill("bin/postgres");
  await started.line(/PostgreSQL ended by itself; starting it again/);
  await answers(ready, 503);
  await answers(ready, 200);

  kill("backend/src/main.ts");
  await started.line(/The backend was ended by SIGKILL; starting it again/);
  await answers(ready, 0);
  await answers(ready, 200);
});

test("a database of one's own may come later", async () => {
  const test_db = await createTestDb();
  const there = new URL(test_db.url);
  const port = await freePort();
  const here = new URL(test_db.url);
  here.port = String(port);
  const started = launch({ DATABASE_URL: here.href });
  await started.line(/The backend can't start yet/);
  const line = createServer((socket) => {
    socket.pipe(connect(Number(there.port), there.hostname)).pipe(socket);
    socket.on("error", () => undefined);
  }).listen(port, here.hostname);
  const [, address = ""] = await started.line(/^address: (.+)$/m);
  expect(await status(`${address.replace("localhost", "127.0.0.1")}/readyz`)).toBe(200);
  started.child.kill("SIGTERM");
  expect(await started.ended).toBe(0);
  line.close();
  await test_db.drop();
});

test("killed, it leaves nothing running, and starts again at once", async () => {
  const port = String(await freePort());
  const first = await up({ PORT: port });
  const below = descendants(first.pid);
  first.child.kill("SIGKILL");
  expect(await first.ended).toBe("SIGKILL");
  const second = await up({ PORT: port });
  expect(await status(`${second.address}/readyz`)).toBe(200);
  await expect.poll(() => below.filter(isAlive), { timeout: 45_000 }).toEqual([]);
});

test("asked twice, it ends at once, whatever hangs", async () => {
  const started = await up();
  const below = descendants(started.pid);
  process.kill(pidOf(below, "backend/src/main.ts"), "SIGSTOP");
  started.child.kill("SIGTERM");
  await started.line(/Ending; calls that are up are finished first/);
  started.child.kill("SIGTERM");
  expect(await started.ended).toBe(130);
  await expect.poll(() => below.filter(isAlive), { timeout: 45_000 }).toEqual([]);
});
