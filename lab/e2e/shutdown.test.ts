import type { Call } from "@agentlocator/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { postWebhook } from "./post-webhook.ts";
import { startProduct } from "./product.ts";
import type { Product, TestBusiness } from "./product.ts";

let product: Product;
let business: TestBusiness;
beforeAll(async () => {
  product = await startProduct();
  business = await product.addBusiness({ greeting: "" });
});
afterAll(() => product?.stop());

test("while a call is finished before the end, Twilio is still answered", async () => {
  const call = product.twilio.placeCall({ to: business.phone_number });
  await call.waitFor("stream_started");
  const first = await call.say("hello_book");
  await call.hears({ since: first.ended_at });
  const ended = product.end();

  const second = await call.say("opening_hours");
  await call.hears({ since: second.ended_at });
  expect((await fetch(`${product.url}/readyz`)).status).toBe(503);
  const late = await postWebhook(product, "/webhook/incoming_call", {
    CallSid: `CA${"d".repeat(32)}`,
    From: "+972501234567",
    To: business.phone_number,
  });
  expect(late.status).toBe(200);

  call.hangUp();
  await call.ended;
  await ended;
  expect(product.twilio.violations).toEqual([]);
  await expect(fetch(`${product.url}/healthz`)).rejects.toThrow();

  await product.start();
  const stored = await eventually(
    () => business.owner.get<Call>(`/api/calls/${call.sid}`),
    (read) => read.status === "completed",
  );
  expect(stored.turns[0]).toMatchObject({ role: "caller" });
}, 60_000);
