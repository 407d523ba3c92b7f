import { DateTime } from "luxon";
import { buildInstructions, toolDefinitions } from "../agent/index.ts";
import type { CallBrief } from "./voice/index.ts";
import type { WaitingCall } from "./waiting-room.ts";

/** Puts together what the voice core has to know of a call. */
export function callBrief(call: WaitingCall, fillers: readonly Buffer[]): CallBrief {
  const { plan, call_sid, history } = call;
  const { business, settings } = plan;
  const now = DateTime.fromMillis(call.started_at, { zone: settings.timezone });
  return {
    call_sid,
    business_id: business.id,
    // The tools wait for the conversation by themselves when the database is slow.
    thread_id: null,
    language: settings.language,
    instructions: buildInstructions({
      business_name: business.name,
      settings,
      channel: "call",
      now,
    }),
    voice: settings.voice,
    greeting: settings.greeting,
    greeting_mode: settings.greeting_mode,
    greeting_audio: plan.greeting_audio,
    greeting_key: plan.greeting_key,
    fillers,
    tools: toolDefinitions("call"),
    vad: settings.vad,
    barge_in: settings.barge_in,
    ...(history && { history }),
  };
}
