import type { Context } from "koa";
import { z } from "zod";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import { signedByTwilio } from "../../http/twilio-signature.ts";
import type { TwilioParams } from "../../http/twilio-signature.ts";
import type { Env } from "../../platform/env.ts";
import type { Logger } from "../../platform/log.ts";
import type { CallDesk } from "./desk.ts";

interface Deps {
  env: Env;
  log: Logger;
  desk: CallDesk;
}

const SIGNED = "Twilio's signature";
const xml = { raw: "text/xml" } as const;

/**
 * Twilio's voice webhooks. Each checks the signature, hands the fields to the desk, and answers;
 * what goes wrong behind it is the desk's to make good, so none of them answers 500.
 */
export function callWebhooks({ env, log, desk }: Deps): Route[] {
  const signed = (ctx: Context): TwilioParams =>
    signedByTwilio(ctx, {
      public_base_url: env.PUBLIC_BASE_URL,
      auth_token: env.TWILIO_AUTH_TOKEN,
    });

  const incoming = (["post", "get"] as const).map((method) =>
    defineRoute({
      id: method === "post" ? "incomingCall" : "incomingCallGet",
      method,
      path: "/webhook/incoming_call",
      summary: "A call comes in; answers TwiML that connects it to the agent",
      access: { public: SIGNED },
      response: xml,
      handler: async ({ ctx }) => twiml(ctx, await desk.incoming(signed(ctx))),
    }),
  );

  const streamEnded = defineRoute({
    id: "streamEnded",
    method: "post",
    path: "/webhook/stream_ended",
    summary: "The stream is closed; answers what follows, if anything",
    access: { public: SIGNED },
    response: xml,
    handler: async ({ ctx }) => twiml(ctx, await desk.streamEnded(signed(ctx))),
  });

  const recording = defineRoute({
    id: "handleRecording",
    method: "post",
    path: "/webhook/handle_recording",
    summary: "The caller left a message; it is fetched, transcribed and stored on the call",
    access: { public: SIGNED },
    response: xml,
    handler: async ({ ctx }) => twiml(ctx, await desk.recorded(signed(ctx))),
  });

  const callStatus = defineRoute({
    id: "callStatus",
    method: "post",
    path: "/webhook/call_status",
    summary: "The call's status changed",
    access: { public: SIGNED },
    response: z.null(),
    status: 204,
    handler: async ({ ctx }) => {
      await desk.status(signed(ctx));
      return null;
    },
  });

  const streamStatus = defineRoute({
    id: "streamStatus",
    method: "post",
    path: "/webhook/stream_status",
    summary: "Twilio's view of the stream; logged",
    access: { public: "unsigned; only logged" },
    response: z.null(),
    status: 204,
    rate_limit: { points: 6000, seconds: 60 },
    handler: async ({ ctx }) => {
      const body = (ctx.request.body ?? {}) as Record<string, unknown>;
      const short = (name: string) => {
        const value = body[name];
        return typeof value === "string" ? value.slice(0, 100) : "";
      };
      const event = short("StreamEvent");
      const fields = {
        call_sid: short("CallSid"),
        event,
        error: short("StreamError") || undefined,
      };
      log[event === "stream-error" ? "warn" : "debug"](fields, "[CALL] stream status");
      return null;
    },
  });

  return [...incoming, streamEnded, recording, callStatus, streamStatus];
}

function twiml(ctx: Context, text: string): void {
  ctx.status = 200;
  ctx.type = "text/xml; charset=utf-8";
  ctx.set("Cache-Control", "no-store");
  ctx.body = text;
}
