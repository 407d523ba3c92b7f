import { z } from "zod";
import { notFound } from "../../http/problem.ts";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import { sendMedia } from "../../http/send-media.ts";
import type { Signer } from "../../platform/signer.ts";
import type { Prompts } from "../prompts/index.ts";
import type { CallPlan, CallPlans } from "./call-plan.ts";

/** Long enough for Twilio to fetch it during the call that named it. */
const TTL_SECONDS = 600;

interface Deps {
  plans: CallPlans;
  prompts: Prompts;
  signer: Signer;
  public_base_url: string;
}

/** The greeting of a business for `greeting_mode: "play"`, at an address that only Twilio is told. */
export function createPlayedGreetings({ plans, prompts, signer, public_base_url }: Deps) {
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
      const { settings, greeting_audio } = await plans.byBusiness(business_id);
      const greeting = await prompts.greeting({
        business_id,
        text: settings.greeting,
        recorded: greeting_audio,
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
