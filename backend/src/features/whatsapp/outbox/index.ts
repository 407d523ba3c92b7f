import type twilio from "twilio";
import type { BusinessTx, Database } from "../../../db/database.ts";
import type { Clock } from "../../../platform/clock.ts";
import type { Env } from "../../../platform/env.ts";
import { createGuardedFetch } from "../../../platform/guarded-fetch.ts";
import type { Logger } from "../../../platform/log.ts";
import { loadSettings } from "../../settings/index.ts";
import { twilioSenders, type GatewayClient, type ProviderHealth } from "../channel/index.ts";
import { twilioErrorWords } from "../inbound/index.ts";
import type { KeepUpload } from "../media/uploads.ts";
import { baileysCarrier } from "./baileys-carrier.ts";
import { createKeepMedia } from "./keep-media.ts";
import { messageRoutes } from "./message-routes.ts";
import { sendJobs } from "./send-jobs.ts";
import { sweepJobs } from "./sweep-jobs.ts";
import { sendRoute } from "./send-route.ts";
import { templateJobs, templateRoutes } from "./templates/index.ts";
import { twilioCarrier } from "./twilio-carrier.ts";

export { holdWaiting } from "./hold-waiting.ts";
export { queueMessage, type NewOutgoing } from "./queue.ts";
export { createTwilioClient } from "./twilio-client.ts";

export interface OutboxDeps {
  env: Env;
  log: Logger;
  db: Database;
  clock: Clock;
  /** null when no gateway is configured */
  gateway: GatewayClient | null;
  /** null without Twilio's credentials */
  twilio: twilio.Twilio | null;
  providerHealth: (tx: BusinessTx) => Promise<ProviderHealth>;
  /** Path at which a provider fetches stored media for a while. */
  linkToMedia: (business_id: number, media_id: number) => string;
  keepUpload: KeepUpload;
}

/** What goes out by WhatsApp: the provider policy, each thread's order, and Twilio's templates. */
export function createOutbox(deps: OutboxDeps) {
  const { env, log, db, clock, gateway, twilio: client } = deps;
  const facts = { env, health: deps.providerHealth, has_gateway: gateway !== null };
  const base = env.PUBLIC_BASE_URL;
  const keepMedia = createKeepMedia({
    public_base_url: base,
    guardedFetch: createGuardedFetch(),
    keep: deps.keepUpload,
  });
  const carriers = {
    baileys: baileysCarrier(gateway),
    twilio: twilioCarrier({
      client,
      clock,
      status_callback: `${base}/webhook/whatsapp/status`,
      words: (business_id, code, said) =>
        db.inBusiness(business_id, async (tx) => {
          const { language } = await loadSettings(tx);
          return twilioErrorWords(code, language, said) ?? "failed";
        }),
      isKnown: (business_id, sid) =>
        db.inBusiness(business_id, async ({ trx }) => {
          const known = { provider: "twilio", provider_msg_id: sid };
          return (await trx("messages").where(known).first("id")) !== undefined;
        }),
    }),
  };
  const outgoing = {
    twilioSenders: (tx: BusinessTx, thread_id: number) => twilioSenders(tx, env, thread_id),
    linkToMedia: (business_id: number, media_id: number) =>
      base + deps.linkToMedia(business_id, media_id),
  };
  const templates = { db, log, client };
  return {
    routes: [
      sendRoute({ db, clock, facts, keepMedia }),
      ...messageRoutes({ clock, facts }),
      ...templateRoutes(templates),
    ],
    jobs: { ...sweepJobs({ db, log }), ...templateJobs(templates) },
    /** Asks providers, who may take their time: nothing else should have to wait for these jobs. */
    sending: sendJobs({ db, clock, log, facts, carriers, outgoing }),
    crontab: ["*/5 * * * * sweep_outbox", "7 4 * * * sync_whatsapp_templates"],
  };
}
