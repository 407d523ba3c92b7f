import { readFileSync } from "node:fs";
import { join } from "node:path";
import { collectDefaultMetrics, Histogram, Registry } from "prom-client";
import { createDatabase } from "./db/database.ts";
import { startJobs } from "./db/jobs.ts";
import type { Lane } from "./db/jobs.ts";
import { createChat } from "./features/agent/index.ts";
import { appointmentRoutes } from "./features/appointments/index.ts";
import { auditRoutes } from "./features/audit/index.ts";
import {
  authJobs,
  authRoutes,
  createPasswords,
  createSessionLoader,
  ensureFirstAdmin,
} from "./features/auth/index.ts";
import { backupJobs, backupRoutes } from "./features/backups/index.ts";
import { businessRoutes } from "./features/businesses/index.ts";
import { createCalls } from "./features/calls/index.ts";
import { contactRoutes } from "./features/contacts/index.ts";
import { conversationRoutes } from "./features/conversations/index.ts";
import { dashboardRoutes } from "./features/dashboard/index.ts";
import { demoRoutes } from "./features/demo/index.ts";
import { announceEvents, createEvents, eventsJobs } from "./features/events/index.ts";
import { healthRoutes } from "./features/health/index.ts";
import { createMonitoring } from "./features/monitoring/index.ts";
import { notificationJobs, notificationRoutes } from "./features/notifications/index.ts";
import { createPrompts } from "./features/prompts/index.ts";
import { referenceRoutes } from "./features/reference/index.ts";
import { settingsRoutes } from "./features/settings/index.ts";
import { taskJobs, taskRoutes } from "./features/tasks/index.ts";
import { userRoutes } from "./features/users/index.ts";
import { createWhatsapp } from "./features/whatsapp/index.ts";
import { mount } from "./http/mount.ts";
import { createServer } from "./http/server.ts";
import { spa } from "./http/spa.ts";
import { connectRedis, createBus } from "./platform/bus/index.ts";
import { systemClock } from "./platform/clock.ts";
import type { Env } from "./platform/env.ts";
import { createLimiter } from "./platform/limiter.ts";
import type { Logger } from "./platform/log.ts";
import { createMailer } from "./platform/mail.ts";
import { createPresence } from "./platform/presence.ts";
import { createSigner } from "./platform/signer.ts";
import { noSpool, openSpool } from "./platform/spool.ts";

const { version } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
) as { version: string };

/** Answers that are made at a time; nearly all of that time is spent waiting for the model. */
const ANSWERS_AT_ONCE = 24;
/** At most; whoever waits for an answer of the agent's waits for the model anyway. */
const ANSWERING_CONNECTIONS = 4;
/** Of everything else, webhooks above all. */
const CONNECTIONS = 16;
/** Threads whose messages are given to providers at a time. */
const SENDS_AT_ONCE = 8;

/** What is over is removed each night; browsers that were away longer fetch everything anew. */
const CRONTAB = [
  "17 3 * * * prune_events",
  "27 3 * * * prune_sessions",
  "*/10 * * * * check_backups",
];

/** How long calls may go on when no other process serves and somebody waits for the end. */
const ALONE_MS = 20_000;
/** Of DRAIN_SECONDS, what is kept for the end after the calls. */
const ORDERLY_END_MS = 15_000;

/** `server` answers the world; `worker` works off jobs, and tells only how it is. */
export type Role = "server" | "worker";

export interface App {
  readonly port: number;
  /**
   * Begins the end: nothing new is taken. Where another process serves, this one stops listening
   * at once, so that the proxy goes there; else it answers as long as there are calls.
   * @returns how long its calls may go on, in ms
   */
  leave(): Promise<number>;
  /** Lets the calls go on for that long, then ends in order. */
  close(): Promise<void>;
}

/**
 * The composition root: every service is made here, once, from the parsed environment, in the order
 * in which they need each other. The schema must be up to date (`migrate`).
 * @param onFatal told when the process can do its work no more and has to be started again
 */
export async function startApp(
  env: Env,
  log: Logger,
  onFatal: (reason: string) => void = () => undefined,
  role: Role = "server",
): Promise<App> {
  const serves = role === "server";
  const clock = systemClock;
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const seconds = new Histogram({
    name: "agentlocator_http_seconds",
    help: "Time to answer a request",
    labelNames: ["route", "status"],
    registers: [metrics],
  });

  const bus = createBus({ redis_url: env.REDIS_URL, log });
  // Several limits are asked one after the other while somebody waits to be let in.
  const limits = { log, name: "limits", patience_ms: 500 };
  const redis = env.REDIS_URL ? connectRedis(env.REDIS_URL, limits) : undefined;
  const limiter = createLimiter({ redis });
  const announcing = {
    eventsWritten: (business_id: number) => announceEvents(bus, business_id),
  };
  const db = createDatabase(env.DATABASE_URL, { ...announcing, max: CONNECTIONS });
  const chatDb = createDatabase(env.DATABASE_URL, { ...announcing, max: ANSWERING_CONNECTIONS });
  const signer = createSigner(env.APP_SECRET, clock);
  const passwords = createPasswords();
  const loadSession = createSessionLoader({ db, clock });
  const prompts = createPrompts({ env, log });
  // One process to a folder, and only webhooks put anything there.
  const spool = serves ? await openSpool({ dir: join(env.DATA_DIR, "spool"), log }) : noSpool;
  createMonitoring({
    ...{ registry: metrics, env, log, db, bus, spool },
    pools: { requests: db, answers: chatDb },
  });
  const calls = createCalls({ env, log, db, bus, signer, spool, prompts, metrics });
  const whatsapp = createWhatsapp({ env, log, db, clock, signer, spool });
  const chat = createChat({ env, log, db: chatDb, clock, ...whatsapp.chat });
  const events = createEvents({ db, bus, log, loadSession });

  let accepting = true;
  const presence = createPresence(bus);
  const secure_cookies = env.PUBLIC_BASE_URL.startsWith("https:");
  const demo = env.DEMO_CONTROL_URL !== undefined;
  const auth = {
    ...{ db, log, clock, limiter, passwords, secure_cookies, demo },
    mailer: createMailer(env, log),
    public_base_url: env.PUBLIC_BASE_URL,
    sessionsEnded: (business_id: number) => announceEvents(bus, business_id),
  };
  const health = healthRoutes({
    ...{ db, bus, env, version, metrics },
    tts: () => prompts.status(),
    gateways: whatsapp.gateways,
    accepting: () => accepting,
  });
  const features = [
    health,
    authRoutes(auth),
    businessRoutes(auth),
    settingsRoutes(),
    userRoutes(auth),
    auditRoutes(),
    backupRoutes({ env, clock }),
    calls.routes,
    appointmentRoutes(),
    contactRoutes(),
    conversationRoutes(),
    whatsapp.routes,
    taskRoutes(),
    notificationRoutes(),
    dashboardRoutes({ clock }),
    events.routes,
    demoRoutes({ control_url: env.DEMO_CONTROL_URL }),
  ].flat();
  const routes = serves ? [...features, ...referenceRoutes(features)] : health;
  const public_origin = new URL(env.PUBLIC_BASE_URL).origin;
  const router = mount(routes, { db, loadSession, limiter, public_origin });
  const server = createServer({
    log,
    seconds,
    trust_proxy: env.TRUST_PROXY,
    middleware: serves
      ? [prompts.middleware, router.routes(), router.allowedMethods(), spa(env.FRONTEND_DIST)]
      : [router.routes(), router.allowedMethods()],
    sockets: serves ? [calls.socket] : [],
  });

  const lanes: Lane[] = [
    {
      handlers: {
        ...calls.jobs,
        ...eventsJobs({ db }),
        ...authJobs(auth),
        ...taskJobs({ db, log }),
        ...notificationJobs(auth),
        ...backupJobs({ db, log, clock, env }),
      },
      crontab: CRONTAB,
    },
    // By themselves: a model or a provider that hangs must not keep a call's watchdog waiting,
    // nor media that is long in coming the messages.
    { handlers: whatsapp.jobs, crontab: whatsapp.crontab },
    { handlers: chat.jobs, concurrency: ANSWERS_AT_ONCE },
    { handlers: whatsapp.sending, concurrency: SENDS_AT_ONCE },
  ];
  const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password, PUBLIC_BASE_URL: public_base_url } = env;
  if (serves) {
    const admin = { email, password, public_base_url };
    await ensureFirstAdmin({ db, passwords, log, clock }, admin);
  }
  const jobs = await startJobs({
    ...{ url: env.DATABASE_URL, log },
    lanes: serves && !env.RUN_JOBS ? [] : lanes,
    onEnded: () => onFatal("the job workers ended"),
  });
  if (serves) {
    await calls.start(jobs.lease);
    await whatsapp.start();
    spool.start((item) =>
      item.kind.startsWith("whatsapp") ? whatsapp.handleSpooled(item) : calls.handleSpooled(item),
    );
  }
  const port = await server.listen(env.PORT, env.HOST);
  if (serves) presence.enter();
  const what = serves ? "[HTTP] serving" : "[JOB] working off jobs";
  log.info({ port, version, public_base_url }, what);

  let closed: Promise<void> | undefined;
  let leaving: Promise<number> | undefined;
  const leave = () =>
    (leaving ??= (async () => {
      accepting = false;
      const others = serves && env.REDIS_URL !== undefined && (await presence.leave());
      if (!others) return ALONE_MS;
      log.info({ calls: calls.active() }, "[HTTP] another process takes over");
      events.endStreams();
      closed = server.close();
      return env.DRAIN_SECONDS * 1000 - ORDERLY_END_MS;
    })());

  return {
    port,
    leave,
    async close() {
      // Twilio goes on asking as long as there are calls: the server is the last of them to end.
      await calls.drain(await leave());
      events.endStreams();
      closed ??= server.close();
      chat.stop();
      await jobs.stop();
      await spool.stop();
      await closed;
      await bus.close();
      redis?.disconnect();
      await Promise.all([db.close(), chatDb.close()]);
      log.info("[HTTP] ended in order");
    },
  };
}
