import type { Thread } from "@agentlocator/contract";
import type { Database } from "../../db/database.ts";
import type { JobHandlers } from "../../db/jobs.ts";
import type { Route } from "../../http/route.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Env } from "../../platform/env.ts";
import type { Logger } from "../../platform/log.ts";
import type { Signer } from "../../platform/signer.ts";
import type { Spool } from "../../platform/spool.ts";
import { createChannel, createFleet, createGatewayClient } from "./channel/index.ts";
import { createInbound } from "./inbound/index.ts";
import { createLeases } from "./leases/index.ts";
import { createMedia } from "./media/index.ts";
import { createOutbox, createTwilioClient, queueMessage } from "./outbox/index.ts";

export { holdWaiting } from "./outbox/index.ts";

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
  const leases = createLeases({ env, db });
  const one = url && secret ? createGatewayClient({ url, secret }) : null;
  const gateway = leases && secret ? createFleet({ owners: leases.owners, secret }) : one;
  const channel = createChannel({ env, log, db, clock, gateway });
  const { applyConnection, providerHealth } = channel;
  const inbound = createInbound({ ...deps, gateway, applyConnection });
  const media = createMedia({ env, log, db, signer, gateway });
  const outbox = createOutbox({
    ...{ env, log, db, clock, gateway, providerHealth },
    twilio: createTwilioClient(env),
    linkToMedia: media.link,
    keepUpload: media.keepUpload,
  });
  const parts = [channel, inbound, media, outbox];
  const routes: Route[] = [...parts.flatMap((part) => part.routes), ...(leases?.routes ?? [])];
  const jobs: JobHandlers = Object.assign({}, ...parts.map((part) => part.jobs));

  return {
    routes,
    jobs,
    sending: outbox.sending,
    /** Addresses of the gateways that there are. */
    gateways: leases ? leases.owners.gateways : async () => (url ? [url] : []),
    /** Lines of graphile-worker's crontab. */
    crontab: [...inbound.crontab, ...media.crontab, ...outbox.crontab],
    /** What the agent's chat needs of WhatsApp. */
    chat: {
      queueMessage,
      media: { ofMessages: media.ofMessages, read: media.read },
      async typing(business_id: number, thread: Pick<Thread, "provider" | "peer_number">) {
        if (thread.provider !== "baileys") return;
        await gateway?.typing(business_id, thread.peer_number, true);
      },
    },
    /** Does what a webhook could not do while the database was away. */
    handleSpooled: inbound.handleSpooled,
    start: () => channel.start(),
  };
}
