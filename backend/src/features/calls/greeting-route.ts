import { z } from "zod";
import { notFound } from "../../http/problem.ts";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import { sendMedia } from "../../http/send-media.ts";
import { within } from "../../platform/deadline.ts";
import type { Logger } from "../../platform/log.ts";
import type { Signer } from "../../platform/signer.ts";
import type { PlayedGreeting, Prompts } from "../prompts/index.ts";
import type { CallPlan, CallPlans } from "./call-plan.ts";

/** Long enough for Twilio to fetch it during the call that named it. */
const TTL_SECONDS = 600;

/** The caller is on the line and hears nothing; without the database another greeting will do. */
const LOOKUP_MS = 3000;

interface Deps {
  log: Logger;
  plans: CallPlans;
  prompts: Prompts;
  signer: Signer;
  public_base_url: string;
}

/** The greeting of a business for `greeting_mode: "play"`, at an address that only Twilio is told. */
export function createPlayedGreetings({ log, plans, prompts, signer, public_base_url }: Deps) {
  async function greetingOf(business_id: number): Promise<PlayedGreeting> {
    const { settings, greeting_audio } = await plans.byBusiness(business_id);
    const { greeting: text } = settings;
    return prompts.greeting({ business_id, text, recorded: greeting_audio });
  }

  const route = defineRoute({
    id: "getPlayedGreeting",
    method: "get",
    path: "/static/tts/greeting/{token}",
    summary: "A business's greeting for Twilio to play",
    access: { public: "the address is signed and short-lived" },
    params: z.object({ token: z.string().max(500) }),
    response: { raw: "audio/mpeg" },
    handler: async ({ ctx, params }) => {
      const business_id = signer.verify("greeting", params.token);
      if (typeof business_id !== "number") throw notFound();
      const greeting = await within(LOOKUP_MS, greetingOf(business_id)).catch((error: unknown) => {
        log.error({ err: error, biz: business_id }, "[CALL] the product's own greeting is played");
        return { ...prompts.mp3("greeting_he"), content_type: "audio/mpeg" };
      });
      await sendMedia(ctx, {
        source: greeting.audio,
        content_type: greeting.content_type,
        etag: greeting.etag,
        cache_control: "private, max-age=60",
      });
    },
  });

  return {
    routes: [route] satisfies Route[],
    address({ business }: CallPlan): string {
      const token = signer.sign("greeting", business.id, TTL_SECONDS);
      return `${public_base_url}/static/tts/greeting/${token}`;
    },
  };
}
