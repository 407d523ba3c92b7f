import { chmod, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { claimDirectory, DirectoryInUse } from "../backend/src/db/claim.ts";
import { EnvError } from "../backend/src/platform/env.ts";
import { buildConsole } from "./lib/console.ts";
import { childEnvironments, readConfiguration, withValues } from "./lib/configuration.ts";
import { keepDatabase } from "./lib/database.ts";
import { type Running, startDemo } from "./lib/demo.ts";
import { whyTaken } from "./lib/ports.ts";
import { EXIT_CONFIG, supervise } from "./lib/supervise.ts";

const root = resolve(import.meta.dirname, "..");
const demo = process.argv.includes("--demo");
/** Longer than the backend itself takes at most: it lets calls go on for a while. */
const BACKEND_MS = 32_000;
const OTHERS_MS = 6_000;

const say = (line: string) => void process.stderr.write(`${line}\n`);
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);

/** What has been started, in that order; it is ended in the opposite one. */
const running: Running[] = [];
const { promise: ended, resolve: end } = Promise.withResolvers<number>();
const ending = new AbortController();
void ended.then(() => ending.abort());

/** Something that was expected and is told in a line, without a stack. */
class Refusal extends Error {}

async function claimData(data_dir: string): Promise<boolean> {
  const made = await mkdir(data_dir, { recursive: true });
  // As root the database runs as a user of its own, who must pass through to its directory.
  if (made) await chmod(data_dir, process.getuid?.() === 0 ? 0o711 : 0o700);
  const claim = await claimDirectory(data_dir);
  running.push({ stop: () => claim.release() });
  return claim.left_behind;
}

async function database(data_dir: string): Promise<string> {
  const kept = await keepDatabase(join(data_dir, "postgres"), () => end(1), say);
  running.push(kept);
  return kept.url;
}

async function start(): Promise<void> {
  const config = await readConfiguration(root, demo);
  const { data_dir, port, host } = config;
  const left_behind = await claimData(data_dir);
  // Children of a start that was killed need a moment to notice.
  for (let tries = left_behind ? 80 : 1; tries > 0; tries--) {
    const taken = await whyTaken(host, port);
    if (!taken) break;
    if (tries === 1) throw new Refusal(taken);
    await new Promise((done) => setTimeout(done, 300));
  }
  if (!process.env["FRONTEND_DIST"]) await buildConsole(root, ending.signal, say);
  if (ending.signal.aborted) return;
  // From here on only data is written, and it is for this user alone.
  process.umask(0o077);
  say(`Starting on port ${port}, data in ${data_dir} ...`);
  const database_url = config.database_url ?? (await database(data_dir));
  const envs = await childEnvironments(config, database_url);
  const address = config.public_base_url ?? `http://localhost:${port}`;
  const local = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  const backend_url = `http://${local}:${port}`;
  const show = demo
    ? await startDemo({ root, data_dir, address, backend_url, running, end, say })
    : null;
  if (ending.signal.aborted) return;

  const serving = Promise.withResolvers<void>();
  const backend = supervise({
    name: "The backend",
    module: join(root, "backend/src/main.ts"),
    env: show ? withValues(envs.backend, show.env) : envs.backend,
    restart_ms: 1_000,
    give_up_after: 3,
    onMessage: () => serving.resolve(),
    say,
  });
  running.push({ stop: () => backend.stop(BACKEND_MS), kill: backend.kill });
  void backend.gave_up.then(end);
  // Ended before the backend too: simulated callers hang up instead of being waited for.
  if (show) running.push(show);
  const gateway = supervise({
    name: "The WhatsApp gateway",
    module: join(root, "baileys/src/main.ts"),
    env: show ? withValues(envs.gateway, show.gateway_env) : envs.gateway,
    restart_ms: 1_000,
    say,
  });
  running.push({ stop: () => gateway.stop(OTHERS_MS), kill: gateway.kill });
  void gateway.gave_up.then(end);

  await Promise.race([serving.promise, ended]);
  if (ending.signal.aborted) return;
  if (!show) return void process.stdout.write(`address: ${address}\n`);
  const { email, password } = await show.seed();
  process.stdout.write(`address: ${address}\nemail: ${email}\npassword: ${password}\n`);
}

function explain(error: unknown): number {
  if (error instanceof EnvError) {
    say(error.message);
    return EXIT_CONFIG;
  }
  if (error instanceof DirectoryInUse) {
    say(`${error.message}. End that one first, or set DATA_DIR to another directory.`);
  } else if (error instanceof Refusal) say(error.message);
  else say(error instanceof Error ? error.message : String(error));
  return 1;
}

let asked = 0;
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    asked += 1;
    if (asked === 1) {
      say("Ending; calls that are up are finished first. Ctrl-C again ends at once.");
      end(0);
      return;
    }
    say("Ending at once.");
    for (const each of running) each.kill?.();
    process.exit(130);
  });
}

const started = start().catch((error: unknown) => end(explain(error)));
const code = await ended;
await Promise.race([started, new Promise((done) => setTimeout(done, 5_000))]);
for (const each of running.toReversed()) {
  await each.stop().catch((error: unknown) => say(String(error)));
}
process.exit(code);
