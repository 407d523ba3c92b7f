import type { Registry } from "prom-client";
import type { Database } from "../../db/database.ts";
import { isRefused } from "../../db/violation.ts";
import type { Bus } from "../../platform/bus/index.ts";
import type { Env } from "../../platform/env.ts";
import type { Logger } from "../../platform/log.ts";
import type { Signer } from "../../platform/signer.ts";
import { SpoolReject } from "../../platform/spool.ts";
import type { Spool, SpoolItem } from "../../platform/spool.ts";
import type { Prompts } from "../prompts/index.ts";
import { createCallPlans } from "./call-plan.ts";
import { createDesk } from "./desk.ts";
import { createPlayedGreetings } from "./greeting-route.ts";
import { createHost } from "./host.ts";
import { createCallMetrics } from "./metrics.ts";
import { recordingJobs, recordingRoutes } from "./recordings/index.ts";
import { storeRecording, storeStatus } from "./reports.ts";
import { callRoutes } from "./routes.ts";
import { lookForMissedCalls, settleJobs } from "./settle.ts";
import { createTwilioRest } from "./twilio-rest.ts";
import { createTwiml } from "./twiml.ts";
import { openAiRealtime, systemClock } from "./voice/index.ts";
import { scheduleSweep, watchdogJobs } from "./watchdog.ts";
import { callWebhooks } from "./webhooks.ts";

interface Deps {
  env: Env;
  log: Logger;
  db: Database;
  bus: Bus;
  signer: Signer;
  spool: Spool;
  prompts: Prompts;
  metrics: Registry;
}

/** The telephone: Twilio's webhooks and media streams on one side, the model on the other. */
export function createCalls(deps: Deps) {
  const { env, log, db, bus, signer, spool, prompts } = deps;
  const twiml = createTwiml(env.PUBLIC_BASE_URL);
  const rest = createTwilioRest(env);
  const plans = createCallPlans({ db, log, model: env.OPENAI_REALTIME_MODEL });
  const metrics = createCallMetrics([deps.metrics], () => host.activeTotal());
  const model =
    env.OPENAI_API_KEY === undefined
      ? null
      : openAiRealtime(
          {
            api_key: env.OPENAI_API_KEY,
            base_url: env.OPENAI_BASE_URL,
            model: env.OPENAI_REALTIME_MODEL,
            transcribe_model: env.OPENAI_TRANSCRIBE_MODEL,
          },
          { clock: systemClock, log },
        );
  const { PUBLIC_BASE_URL: public_base_url } = env;
  const greetings = createPlayedGreetings({ log, plans, prompts, signer, public_base_url });
  const host = createHost({
    db,
    bus,
    log,
    signer,
    plans,
    metrics,
    model,
    fillers: prompts.fillers,
  });
  const desk = createDesk({
    ...{ db, log, plans, signer, spool, twiml },
    model_enabled: model !== null,
    activeCalls: host.activeCalls,
    endingOf: host.endingOf,
    greetingAddress: greetings.address,
    expect: host.expect,
    forget: host.forget,
  });

  return {
    routes: [
      ...callWebhooks({ env, log, desk }),
      ...callRoutes(),
      ...greetings.routes,
      ...recordingRoutes({ db, env }),
    ],
    jobs: {
      ...watchdogJobs({ db, log, rest, twiml }),
      ...settleJobs({ db, log, rest }),
      ...recordingJobs({ db, env, log }),
    },
    socket: host.socket,
    /** Does what a webhook could not do while the database was away. */
    async handleSpooled({ kind, payload }: SpoolItem): Promise<void> {
      const work = { call_recording: storeRecording, call_status: storeStatus }[kind];
      if (!work) throw new SpoolReject(`nobody handles ${kind}`);
      await work(db, payload as Record<string, string>).catch((error: unknown) => {
        // Tried again it would be refused again, for ever.
        if (isRefused(error)) throw new SpoolReject("the database refuses it", { cause: error });
        throw error;
      });
    },
    async start(lease: number): Promise<void> {
      host.start(lease);
      await scheduleSweep(db);
      await lookForMissedCalls(db);
    },
    active: host.activeTotal,
    drain: host.drain,
  };
}
