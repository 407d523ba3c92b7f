import { speak } from "../speech/voice.ts";
import { already_taken } from "../sim/openai/index.ts";
import type { SimCall } from "../sim/twilio/index.ts";

export const CALL_SCENARIOS = ["booking", "interruption", "dead_model"] as const;
export type CallScenario = (typeof CALL_SCENARIOS)[number];

/** A caller waits this long after the agent's last word; people do. */
const POLITE_MS = 700;
const PATIENCE_MS = 20_000;
const LAST_WORDS_MS = 12_000;

/** Waits until the agent has spoken and is quiet again. */
const listen = (call: SimCall) => call.hears({ quiet_ms: POLITE_MS, timeout_ms: PATIENCE_MS });

/** Says each phrase in turn, hearing the answer out. */
async function converse(call: SimCall, phrases: readonly string[]): Promise<void> {
  for (const phrase of phrases) {
    await call.say(phrase);
    await listen(call);
  }
}

/** Says yes to the time that was offered; to another one when somebody else was quicker. */
async function confirm(call: SimCall): Promise<void> {
  for (;;) {
    const since = performance.now();
    await converse(call, ["confirm"]);
    if (!call.played(since).includes(speak(already_taken))) return;
    await converse(call, ["ask_tomorrow"]);
  }
}

/** Says goodbye and hangs up if the agent has not. */
async function leave(call: SimCall): Promise<void> {
  await call.say("goodbye");
  await Promise.race([call.ended, call.silence(LAST_WORDS_MS)]);
  call.hangUp();
}

async function booking(call: SimCall): Promise<void> {
  await listen(call);
  await converse(call, ["hello_book", "ask_tomorrow"]);
  await confirm(call);
  await leave(call);
}

/** Asks, and falls into the answer. */
async function interruption(call: SimCall): Promise<void> {
  await listen(call);
  await call.say("opening_hours");
  await call.hears({ audio: true, timeout_ms: PATIENCE_MS });
  await call.silence(900);
  await call.say("interrupt");
  await listen(call);
  await converse(call, ["ask_tomorrow", "other_time"]);
  await confirm(call);
  await leave(call);
}

/** Nobody answers behind the line: the caller ends up leaving a message. */
async function deadModel(call: SimCall): Promise<void> {
  const recording = call.waitFor("record_started", { timeout_ms: 90_000 });
  // The greeting is recorded, so it may well be heard.
  const greeted = call.hears({ quiet_ms: POLITE_MS, timeout_ms: 10_000 });
  await Promise.race([recording, greeted.then(() => call.say("hello_book"))]).catch(
    () => undefined,
  );
  await recording;
  await call.silence(400);
  await call.say("leave_message");
  await Promise.race([call.ended, call.silence(LAST_WORDS_MS)]);
  call.hangUp();
}

export const PLAY: Readonly<Record<CallScenario, (call: SimCall) => Promise<void>>> = {
  booking,
  interruption,
  dead_model: deadModel,
};
