import type { Database } from "../../db/database.ts";
import type { JobHandlers } from "../../db/jobs.ts";
import type { Route } from "../../http/route.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Env } from "../../platform/env.ts";
import type { Logger } from "../../platform/log.ts";
import type { Signer } from "../../platform/signer.ts";
import type { Spool } from "../../platform/spool.ts";
import { createChannel, createGatewayClient } from "./channel/index.ts";
import { createInbound } from "./inbound/index.ts";
import { createMedia } from "./media/index.ts";

export interface WhatsappDeps {
  env: Env;
  log: Logger;
  db: Database;
  clock: Clock;
  signer: Signer;
  spool: Spool;
}

/** WhatsApp through both providers: what comes in, what goes out, and the channel's state. */
export function createWhatsapp(deps: WhatsappDeps) {
  const { env, log, db, clock, signer } = deps;
  const { BAILEYS_OUTBOUND_URL: url, BAILEYS_WEBHOOK_SECRET: secret } = env;
  const gateway = url && secret ? createGatewayClient({ url, secret }) : null;
  const channel = createChannel({ env, log, db, clock, gateway });
  const { applyConnection } = channel;
  const inbound = createInbound({ ...deps, gateway, applyConnection });
  const media = createMedia({ env, log, db, signer, gateway });
  const routes: Route[] = [...channel.routes, ...inbound.routes, ...media.routes];
  const jobs: JobHandlers = { ...channel.jobs, ...inbound.jobs, ...media.jobs };

  return {
    routes,
    jobs,
    /** Lines of graphile-worker's crontab. */
    crontab: inbound.crontab,
    /** Does what a webhook could not do while the database was away. */
    handleSpooled: inbound.handleSpooled,
    start: () => channel.start(),
  };
}
