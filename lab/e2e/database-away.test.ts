import { expect, test } from "vitest";
import { phrase } from "../speech/library.ts";
import { call } from "./caller.ts";
import { eventually } from "./eventually.ts";
import { postWebhook } from "./post-webhook.ts";
import { startProduct } from "./product.ts";
import type { Product, TestBusiness } from "./product.ts";
import type { Call } from "@agentlocator/contract";

const hours = phrase("agent_hours").text;

/** Each has a database of its own to lose. */
async function alone(run: (product: Product, business: TestBusiness) => Promise<void>) {
  const product = await startProduct();
  try {
    await run(product, await product.addBusiness({ greeting: "" }));
    expect(product.twilio.violations).toEqual([]);
    expect(product.openai.violations).toEqual([]);
  } finally {
    await product.stop();
  }
}

/** Resolves when the database is back. */
function away({ line }: Product, ms: number): Promise<void> {
  line.cut();
  const back = Promise.withResolvers<void>();
  setTimeout(() => {
    line.mend();
    back.resolve();
  }, ms);
  return back.promise;
}

test.concurrent("a call goes on while the database is away for ten seconds, and all of it is stored", () =>
  alone(async (product, business) => {
    const caller = call(product, business);
    await caller.line.waitFor("stream_started");
    const back = away(product, 10_000);
    const { answered_at, stopped_at } = await caller.ask("opening_hours", hours);
    expect(answered_at - stopped_at).toBeLessThan(6000);
    await back;
    // Long enough for the watch on dead processes to mistake this one for one of them.
    await caller.ask("opening_hours", hours);
    await caller.line.say("goodbye");
    await caller.line.ended;
    expect(caller.line.events.some(({ type }) => type === "redirected")).toBe(false);

    const stored = await caller.stored(({ turns }) => turns.length === 6);
    expect(stored.turns.map(({ text }) => text)).toEqual([
      ...[phrase("opening_hours").text, hours, phrase("opening_hours").text, hours],
      ...[phrase("goodbye").text, phrase("agent_goodbye").text],
    ]);
    expect(stored.turns.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  }));

test.concurrent("a number that was called before is answered without the database; the call is stored later", () =>
  alone(async (product, business) => {
    const before = call(product, business);
    await before.line.waitFor("stream_started");
    before.line.hangUp();
    await before.line.ended;

    const back = away(product, 8000);
    const caller = call(product, business);
    await caller.line.waitFor("stream_started");
    await caller.ask("opening_hours", hours);
    await back;
    caller.line.hangUp();
    const stored = await eventually(
      () => business.owner.get<Call>(`/api/calls/${caller.line.sid}`).catch(() => null),
      (read) => read?.status === "completed",
    );
    expect(stored!.turns[0]).toMatchObject({ role: "caller", text: phrase("opening_hours").text });
  }));

test.concurrent("any other number gets the record fallback, and the message is stored later", () =>
  alone(async (product, business) => {
    const back = away(product, 6000);
    const call_sid = `CA${"e".repeat(32)}`;
    const RecordingSid = `RE${"e".repeat(32)}`;
    const params = { CallSid: call_sid, From: "+972501234567", To: business.phone_number };
    const answer = await postWebhook(product, "/webhook/incoming_call", params);
    expect(answer.status).toBe(200);
    expect(answer.text).toContain("<Record");

    const { api_base_url, account_sid } = product.twilio;
    const recorded = await postWebhook(product, "/webhook/handle_recording", {
      ...params,
      ...{ RecordingSid, RecordingDuration: "4" },
      RecordingUrl: `${api_base_url}/2010-04-01/Accounts/${account_sid}/Recordings/${RecordingSid}`,
    });
    expect(recorded.status).toBe(200);
    const over = { ...params, CallStatus: "completed", CallDuration: "9" };
    expect((await postWebhook(product, "/webhook/call_status", over)).status).toBe(204);
    await back;
    const stored = await eventually(
      () => business.owner.get<Call>(`/api/calls/${call_sid}`).catch(() => null),
      (read) => read?.duration_seconds === 9,
    );
    expect(stored).toMatchObject({ from_number: "+972501234567" });
  }));
