import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { freePort } from "../../backend/test/free-port.ts";
import { startRedis } from "../../backend/test/redis.ts";
import type { TestRedis } from "../../backend/test/redis.ts";
import { phrase } from "../speech/library.ts";
import { startBackendProcess } from "./backend-process.ts";
import { call } from "./caller.ts";
import { booked, clerk, offer } from "./clerk.ts";
import { eventually, until } from "./eventually.ts";
import { startFront } from "./front.ts";
import { openBrowser } from "./live-events.ts";
import { startProduct } from "./product.ts";
import type { Product } from "./product.ts";

const hello = phrase("agent_how_help");
let redis: TestRedis;
let product: Product;
let other: Awaited<ReturnType<typeof startBackendProcess>>;
let front: Awaited<ReturnType<typeof startFront>>;
let other_url: string;

beforeAll(async () => {
  redis = await startRedis();
  product = await startProduct({ REDIS_URL: redis.url });
  const port = await freePort();
  other_url = `http://127.0.0.1:${port}`;
  other = await startBackendProcess({ ...product.vars, PORT: String(port) });
  front = await startFront({ requests: product.url, sockets: other_url });
  product.twilio.target = front.url;
});
afterAll(async () => {
  await product?.twilio.stop();
  front?.close();
  await other?.stop();
  await product?.stop();
  await redis?.stop();
});

test("the webhook on one replica, the stream on the other: the call is the same", async () => {
  const business = await product.addBusiness({ greeting: hello.text }, clerk());
  const first = call(product, business);
  await first.hearsOut(hello.text);
  first.line.hangUp();
  await first.line.ended;

  // The call's events come from the replica with the stream, and the browser is at the other.
  const browser = await openBrowser(product.url, business.credentials);
  const there = await openBrowser(other_url, business.credentials);
  for (const one of [browser, there]) onTestFinished(() => one.close());
  const caller = call(product, business);
  const { at } = await caller.line.waitFor("stream_started");
  const { playback } = caller.line.stream!;
  await until(() => playback.played.length > 0);
  expect(playback.played[0]!.start - at).toBeLessThan(500);
  await caller.hearsOut(hello.text, at);
  expect(caller.line.played(at).includes(hello.audio)).toBe(true);
  await caller.ask("ask_tomorrow", offer);
  await caller.ask("confirm", booked);
  await browser.waitFor(({ name }) => name === "appointment");
  const speaking = browser.events.flatMap(({ ref: { speaking } }) => speaking ?? []);
  expect(speaking).toContain("caller");
  expect(speaking).toContain("agent");
  // What the webhook's replica wrote was told at the other one.
  await there.waitFor(({ name, ref }) => name === "call" && ref.call_sid === caller.line.sid);
  // The webhook that follows asks the replica that did not carry the call.
  await caller.line.say("goodbye");
  await caller.line.ended;
  expect(caller.line.events.some(({ type }) => type === "play")).toBe(false);
  const stored = await caller.stored(({ status }) => status === "completed");
  expect(stored).toMatchObject({ end_reason: "agent_ended", ledger: { fallback_reason: null } });
  expect(stored.appointment_id).not.toBeNull();
  expect(product.twilio.violations).toEqual([]);
  expect(product.openai.violations).toEqual([]);
}, 60_000);

test("a replica that ends hands over at once, and finishes its call", async () => {
  const business = await product.addBusiness({ greeting: hello.text }, clerk());
  const caller = call(product, business);
  await caller.hearsOut(hello.text);
  const ended = other.stop();
  await eventually(
    () => fetch(`${other_url}/readyz`).catch(() => null),
    (answer) => answer === null,
  );
  await caller.ask("ask_tomorrow", offer);
  await caller.ask("confirm", booked);
  await caller.line.say("goodbye");
  await caller.line.ended;
  await ended;
  const stored = await caller.stored(({ status }) => status === "completed");
  expect(stored).toMatchObject({ end_reason: "agent_ended", ledger: { fallback_reason: null } });
  expect(product.twilio.violations).toEqual([]);
}, 60_000);
