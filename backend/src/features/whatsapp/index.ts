import type { Database } from "../../db/database.ts";
import type { JobHandlers } from "../../db/jobs.ts";
import type { Route } from "../../http/route.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Env } from "../../platform/env.ts";
import type { Logger } from "../../platform/log.ts";
import type { Signer } from "../../platform/signer.ts";
import { SpoolReject } from "../../platform/spool.ts";
import type { Spool, SpoolItem } from "../../platform/spool.ts";
import { createChannel, createGatewayClient } from "./channel/index.ts";

export interface WhatsappDeps {
  env: Env;
  log: Logger;
  db: Database;
  clock: Clock;
  signer: Signer;
  spool: Spool;
}

/** WhatsApp through both providers: what comes in, what goes out, and the channel's state. */
export function createWhatsapp({ env, log, db, clock }: WhatsappDeps) {
  const { BAILEYS_OUTBOUND_URL: url, BAILEYS_WEBHOOK_SECRET: secret } = env;
  const gateway = url && secret ? createGatewayClient({ url, secret }) : null;
  const channel = createChannel({ env, log, db, clock, gateway });
  const routes: Route[] = [...channel.routes];
  const jobs: JobHandlers = { ...channel.jobs };

  return {
    routes,
    jobs,
    /** Lines of graphile-worker's crontab. */
    crontab: [] as string[],
    /** Does what a webhook could not do while the database was away. */
    async handleSpooled({ kind }: SpoolItem): Promise<void> {
      throw new SpoolReject(`nobody handles ${kind}`);
    },
    start: () => channel.start(),
  };
}
