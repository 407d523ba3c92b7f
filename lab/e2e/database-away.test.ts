import type { Call } from "@agentlocator/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { postWebhook } from "./post-webhook.ts";
import { startProduct } from "./product.ts";
import type { Product, TestBusiness } from "./product.ts";
import { eventually } from "./eventually.ts";

let product: Product;
let known: TestBusiness;
let unknown: TestBusiness;

beforeAll(async () => {
  product = await startProduct();
  known = await product.addBusiness({ greeting: "" });
  unknown = await product.addBusiness({ greeting: "" });
});
afterAll(() => product?.stop());

const away = async (ms: number) => {
  product.line.cut();
  const back = Promise.withResolvers<void>();
  setTimeout(() => {
    product.line.mend();
    back.resolve();
  }, ms);
  return back.promise;
};

test("a call goes on while the database is away for ten seconds, and all of it is stored", async () => {
  const call = product.twilio.placeCall({ to: known.phone_number });
  await call.waitFor("stream_started");
  await call.say("hello_book");
  await call.hears({ quiet_ms: 700 });

  const back = away(10_000);
  const { ended_at } = await call.say("opening_hours");
  const answered_at = await call.hears({ since: ended_at });
  expect(answered_at - ended_at).toBeLessThan(6000);
  await back;
  await call.hears({ quiet_ms: 700 });
  await call.say("goodbye");
  await call.ended;

  const stored = await eventually(
    () => known.owner.get<Call>(`/api/calls/${call.sid}`),
    (read) => read.status === "completed",
  );
  const said = stored.turns.filter((turn) => turn.role === "caller").map((turn) => turn.text);
  expect(said).toEqual(["שלום, אני רוצה לקבוע תור", "מה שעות הפתיחה שלכם?", "תודה רבה, להתראות"]);
  expect(stored.turns.map((turn) => turn.seq)).toEqual(stored.turns.map((_, i) => i + 1));
  expect(product.twilio.violations).toEqual([]);
  expect(product.openai.violations).toEqual([]);
}, 90_000);

test("a number that was called before is answered without the database; the call is stored later", async () => {
  const back = away(8000);
  const call = product.twilio.placeCall({ to: known.phone_number });
  await call.waitFor("stream_started");
  const { ended_at } = await call.say("hello_book");
  await call.hears({ since: ended_at });
  await back;
  call.hangUp();
  await call.ended;
  const stored = await eventually(
    () => known.owner.get<Call>(`/api/calls/${call.sid}`).catch(() => null),
    (read) => read?.status === "completed",
  );
  expect(stored!.turns[0]).toMatchObject({ role: "caller", text: "שלום, אני רוצה לקבוע תור" });
}, 60_000);

test("any other number gets the record fallback, and the message is stored later", async () => {
  const back = away(6000);
  const call_sid = `CA${"e".repeat(32)}`;
  const params = { CallSid: call_sid, From: "+972501234567", To: unknown.phone_number };
  const answer = await postWebhook(product, "/webhook/incoming_call", params);
  expect(answer.status).toBe(200);
  expect(answer.text).toContain("<Record");

  const recording = product.twilio.recordings;
  expect(recording).toBeDefined();
  const recorded = await postWebhook(product, "/webhook/handle_recording", {
    ...params,
    RecordingSid: `RE${"e".repeat(32)}`,
    RecordingUrl: `${product.twilio.api_base_url}/2010-04-01/Accounts/${product.twilio.account_sid}/Recordings/RE${"e".repeat(32)}`,
    RecordingDuration: "4",
  });
  expect(recorded.status).toBe(200);
  const over = { ...params, CallStatus: "completed", CallDuration: "9" };
  expect((await postWebhook(product, "/webhook/call_status", over)).status).toBe(204);
  await back;
  const stored = await eventually(
    () => unknown.owner.get<Call>(`/api/calls/${call_sid}`).catch(() => null),
    (read) => read?.duration_seconds === 9,
  );
  expect(stored).toMatchObject({ from_number: "+972501234567" });
}, 60_000);
