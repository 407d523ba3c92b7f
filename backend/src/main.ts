import { startApp } from "./app.ts";
import { isDatabaseAway } from "./db/away.ts";
import { migrate, migrateWhenThere } from "./db/migrate.ts";
import { afterRestore } from "./features/backups/index.ts";
import { APART, EnvError, EXIT_CONFIG, parseEnv } from "./platform/env.ts";
import type { Env } from "./platform/env.ts";
import { createLog } from "./platform/log.ts";

/** A second signal, or this long after its calls, ends the process whatever is still open. */
const SHUTDOWN_MS = 10_000;

/** sysexits' EX_TEMPFAIL: starting again a moment later may well work. */
const EXIT_TRY_AGAIN = 75;

/**
 * `migrate` brings the schema up to date and ends; `restored TIME` also makes a database fit that
 * was restored from a backup of that time. `worker` works off jobs; without any the process serves.
 */
const [role = "server", made_at = ""] = process.argv.slice(2);
const known = ["server", "worker", "migrate"].includes(role);
if (role === "restored" ? Number.isNaN(Date.parse(made_at)) : !known) {
  process.stderr.write('Unknown argument; there are "migrate", "restored TIME" and "worker".\n');
  process.exit(EXIT_CONFIG);
}
const env = readEnv();
const log = createLog(env.LOG_LEVEL);

process.on("unhandledRejection", (error) =>
  log.error({ err: error }, "[HTTP] unhandled rejection"),
);
process.on("uncaughtException", (error) => {
  log.fatal({ err: error }, "[HTTP] uncaught exception");
  process.exit(1);
});

try {
  // Nobody starts this one again, and everything waits for it.
  if (role === "migrate") await migrateWhenThere(env.DATABASE_URL, log);
  else await migrate(env.DATABASE_URL);
  if (role === "migrate") {
    log.info("[DB] the schema is up to date");
    process.exit(0);
  }
  if (role === "restored") {
    await afterRestore(env.DATABASE_URL, made_at, log);
    process.exit(0);
  }
  const startedAs = role === "worker" ? "worker" : "server";
  let ending = false;
  const end = async (why: string, code = 0) => {
    if (ending) process.exit(1);
    ending = true;
    log.info(`[HTTP] ${why}: ending`);
    const app = await starting;
    setTimeout(() => process.exit(1), (await app.leave()) + SHUTDOWN_MS).unref();
    await app.close();
    process.exit(code);
  };
  const starting = startApp(env, log, (reason) => void end(reason, 1), startedAs);
  const { port } = await starting;
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => void end(signal));
  // Whoever started this process with a channel is gone when the channel is.
  process.on("disconnect", () => void end("parent gone"));
  process.send?.({ ready: true, port });
} catch (error) {
  const away = isDatabaseAway(error);
  log.fatal({ err: error }, away ? "[DB] can't be reached" : "[HTTP] could not start");
  process.exit(away ? EXIT_TRY_AGAIN : 1);
}

function readEnv(): Env {
  try {
    const parsed = parseEnv(process.env);
    if (role === "worker" && !parsed.REDIS_URL) throw new EnvError(APART);
    return parsed;
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    process.stderr.write(`The environment is wrong:\n${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
}
