import type { GatewayConnectionEvent } from "@agentlocator/contract";
import type { BusinessTx, Database } from "../../../db/database.ts";
import type { Clock } from "../../../platform/clock.ts";
import type { Env } from "../../../platform/env.ts";
import type { Logger } from "../../../platform/log.ts";
import type { Spool } from "../../../platform/spool.ts";
import type { GatewayClient } from "../channel/index.ts";
import { asideRoutes } from "./aside-routes.ts";
import { PRUNE_CRONTAB, pruneJobs } from "./prune.ts";
import { readReceiptJobs } from "./read-receipts.ts";
import { createReceiver } from "./receive.ts";
import { createWebhooks } from "./webhooks.ts";

export { twilioErrorWords } from "./twilio-errors.ts";

interface Deps {
  env: Env;
  log: Logger;
  db: Database;
  clock: Clock;
  spool: Spool;
  /** null when no gateway is configured */
  gateway: GatewayClient | null;
  applyConnection: (tx: BusinessTx, event: GatewayConnectionEvent) => Promise<void>;
}

/** What comes in by WhatsApp: messages, changes to them, receipts, the connection's state. */
export function createInbound(deps: Deps) {
  const { env, log, db, spool, gateway } = deps;
  const receiver = createReceiver({ ...deps, twilio_wa_from: env.TWILIO_WA_FROM });
  const webhooks = createWebhooks({ env, log, spool, receiver });
  return {
    routes: [...webhooks.routes, ...asideRoutes({ db, receiver })],
    jobs: { ...readReceiptJobs({ db, log, gateway }), ...pruneJobs({ db }) },
    crontab: [PRUNE_CRONTAB],
    handleSpooled: webhooks.handleSpooled,
  };
}
