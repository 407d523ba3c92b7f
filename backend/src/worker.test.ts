import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pendingJobs } from "../test/pending-jobs.ts";
import { startRedis } from "../test/redis.ts";
import type { TestRedis } from "../test/redis.ts";
import { startRunningApp } from "../test/running-app.ts";
import type { RunningApp } from "../test/running-app.ts";
import { EXIT_CONFIG } from "./platform/env.ts";

let redis: TestRedis;
let app: RunningApp;
let data_dir: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  redis = await startRedis();
  app = await startRunningApp({ RUN_JOBS: "false", REDIS_URL: redis.url });
  data_dir = await mkdtemp(join(tmpdir(), "agentlocator-worker-"));
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await app?.stop();
  await redis?.stop();
  await rm(data_dir, { recursive: true, force: true });
});

function start(more: Record<string, string> = {}): ChildProcess {
  const env = {
    PATH: process.env.PATH ?? "",
    ...{ DATABASE_URL: app.database_url, DATA_DIR: data_dir, PORT: "0", HOST: "127.0.0.1" },
    ...{ APP_SECRET: "0123456789abcdef0123456789abcdef", LOG_LEVEL: "error", ...more },
  };
  const child = fork(join(import.meta.dirname, "main.ts"), ["worker"], {
    env,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  children.push(child);
  return child;
}

test("a worker does what a backend without jobs has added, and its console hears of it at once", async () => {
  const { owner } = await app.business();
  const task = { title: "להתקשר", remind_at: new Date(Date.now() - 1000).toISOString() };
  expect((await owner.post("/api/tasks", task)).status).toBe(201);
  const Cookie = [...owner.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const events = await fetch(`${app.base}/api/events`, { headers: { Cookie } });
  const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect(await pendingJobs(app.database_url, "task.remind")).toHaveLength(1);

  const worker = start({ REDIS_URL: redis.url });
  const [{ port }] = (await once(worker, "message")) as [{ port: number }];
  let heard = "";
  while (!heard.includes("event: notification")) heard += (await reader.read()).value ?? "";
  const bell = (await owner.get("/api/notifications")).body.items;
  expect(bell).toMatchObject([{ kind: "task_reminder" }]);

  const status = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  expect(await status("/readyz")).toBe(200);
  expect(await status("/metrics")).toBe(200);
  for (const path of ["/", "/api/auth/me", "/static/tts/greeting_he.mp3"]) {
    expect(await status(path), path).toBe(404);
  }
  expect(
    (await fetch(`http://127.0.0.1:${port}/webhook/whatsapp/baileys`, { method: "POST" })).status,
  ).toBe(404);

  await reader.cancel();
  worker.kill("SIGTERM");
  expect(await once(worker, "exit")).toEqual([0, null]);
});

test("a worker without Redis says what it lacks", async () => {
  const worker = start();
  let said = "";
  worker.stderr!.on("data", (chunk: Buffer) => (said += chunk));
  const [code] = await once(worker, "close");
  expect(code).toBe(EXIT_CONFIG);
  expect(said).toContain("REDIS_URL");
});
