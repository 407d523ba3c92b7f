import { z } from "zod";
import { problem } from "../../../http/problem.ts";
import { defineRoute } from "../../../http/route.ts";
import type { Route } from "../../../http/route.ts";
import { signedByTwilio } from "../../../http/twilio-signature.ts";
import type { TwilioParams } from "../../../http/twilio-signature.ts";
import { within } from "../../../platform/deadline.ts";
import type { Env } from "../../../platform/env.ts";
import type { Logger } from "../../../platform/log.ts";
import { SpoolReject } from "../../../platform/spool.ts";
import type { Spool, SpoolItem } from "../../../platform/spool.ts";
import { signedByGateway } from "../gateway-signature.ts";
import type { Receiver } from "./receive.ts";

interface Deps {
  env: Env;
  log: Logger;
  spool: Spool;
  receiver: Omit<Receiver, "give">;
}

/** Twilio gives up after 15 s and does not come again by itself. */
const ANSWER_MS = 5000;

const KINDS = { whatsapp_message: "twilioMessage", whatsapp_status: "twilioStatus" } as const;
type Kind = keyof typeof KINDS;

/**
 * WhatsApp's webhooks. While the database is away, Twilio's go to the disk, since Twilio does not
 * repeat them; the gateway, which keeps its own until they are taken, is told to come again (503).
 */
export function createWebhooks({ env, log, spool, receiver }: Deps) {
  const twilio = (id: string, path: string, summary: string, kind: Kind): Route =>
    defineRoute({
      ...{ id, path, summary, method: "post", response: z.null(), status: 204 },
      access: { public: "Twilio's signature" },
      handler: async ({ ctx }) => {
        const { PUBLIC_BASE_URL: public_base_url, TWILIO_AUTH_TOKEN: auth_token } = env;
        await orSpool(kind, signedByTwilio(ctx, { public_base_url, auth_token }));
        return null;
      },
    });

  /** Does it now or, when the database is away, later; behind what waits of the same customer. */
  async function orSpool(kind: Kind, params: TwilioParams): Promise<void> {
    const key = `${kind} ${kind === "whatsapp_message" ? params.From : params.MessageSid}`;
    try {
      if (!spool.holds(key)) return await within(ANSWER_MS, receiver[KINDS[kind]](params));
    } catch (error) {
      log.warn({ err: error }, `[WA-ERROR] ${kind} is kept for later`);
    }
    await spool.put(kind, key, params).catch((error: unknown) => {
      log.error({ err: error }, `[WA-ERROR] ${kind} is lost`);
    });
  }

  const gateway = defineRoute({
    id: "whatsappFromGateway",
    method: "post",
    path: "/webhook/whatsapp/baileys",
    summary: "The gateway tells a message, a receipt, or the state of a connection",
    access: { public: "HMAC with the secret that is shared with the gateway" },
    response: z.null(),
    status: 204,
    handler: async ({ ctx }) => {
      const raw = signedByGateway(ctx, env.BAILEYS_WEBHOOK_SECRET);
      try {
        await within(ANSWER_MS, receiver.gateway(raw));
      } catch (error) {
        log.warn({ err: error }, "[WA-ERROR] the gateway is asked to tell it again");
        throw problem(503, "busy", "It can't be stored at this moment; tell it again.", {
          headers: { "Retry-After": "5" },
        });
      }
      return null;
    },
  });

  return {
    routes: [
      twilio(
        "whatsappFromTwilio",
        "/webhook/whatsapp/twilio",
        "A customer wrote to a WhatsApp number at Twilio",
        "whatsapp_message",
      ),
      twilio(
        "whatsappStatus",
        "/webhook/whatsapp/status",
        "How a message that was sent by Twilio fares",
        "whatsapp_status",
      ),
      gateway,
    ] satisfies Route[],

    async handleSpooled({ kind, payload }: SpoolItem): Promise<void> {
      if (!(kind in KINDS)) throw new SpoolReject(`nobody handles ${kind}`);
      await receiver[KINDS[kind as Kind]](payload as TwilioParams);
    },
  };
}
