import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../backend/test/free-port.ts";
import { startBackendProcess } from "./backend-process.ts";
import { phrase } from "../speech/library.ts";
import { call } from "./caller.ts";
import type { Caller } from "./caller.ts";
import { leavesMessage } from "./message-left.ts";
import { startProduct } from "./product.ts";
import type { Product, TestBusiness } from "./product.ts";

const greeting = "שלום, איך אפשר לעזור?";
let product: Product;

beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product?.stop());

const redirects = ({ line }: Caller) => line.events.filter(({ type }) => type === "redirected");

/** The call was redirected once through Twilio's REST API, and left a message. */
async function rescued(
  { twilio }: Product,
  ...[business, caller, reason]: [TestBusiness, Caller, string]
): Promise<void> {
  await leavesMessage({ twilio }, business, caller, reason);
  expect(redirects(caller)).toHaveLength(1);
  const posted = twilio.requests.filter(
    ({ method, path }) => method === "POST" && path.includes(caller.line.sid),
  );
  expect(posted.map(({ status }) => status)).toEqual([200]);
}

test.concurrent("a stream that never opens: redirected after eight seconds", async () => {
  const business = await product.addBusiness({ greeting });
  const caller = call(product, business, { faults: { never_opens: true } });
  const { at } = await caller.line.waitFor("stream_withheld");
  const redirected = await caller.line.waitFor("redirected");
  expect(redirected.at - at).toBeGreaterThan(7500);
  expect(redirected.at - at).toBeLessThan(11_000);
  await rescued(product, business, caller, "stream_never_started");
});

test.concurrent("media that stops for six seconds: redirected once", async () => {
  const business = await product.addBusiness({ greeting });
  const caller = call(product, business, { faults: { media_stops_after_ms: 3000 } });
  const { at } = await caller.line.waitFor("stream_started");
  const redirected = await caller.line.waitFor("redirected");
  expect(redirected.at - at).toBeGreaterThan(8500);
  expect(redirected.at - at).toBeLessThan(12_000);
  await rescued(product, business, caller, "media_inactive");
});

test.concurrent("the process that carries calls is killed: another one rescues those that wait and those that talk", async () => {
  const alone = await startProduct();
  const port = String(await freePort());
  const other = await startBackendProcess({ ...alone.vars, PORT: port });
  const [waiting, live] = await Promise.all([
    alone.addBusiness({ greeting: "" }),
    alone.addBusiness({ greeting: "" }),
  ]);
  alone.twilio.target = `http://127.0.0.1:${port}`;
  const unopened = call(alone, waiting, { faults: { never_opens: true } });
  const talking = call(alone, live);
  await unopened.line.waitFor("stream_withheld");
  await talking.line.waitFor("stream_started");
  const { ended_at } = await talking.line.say("opening_hours");
  await talking.line.hears({ since: ended_at });
  await talking.stored(({ turns }) => turns.length > 0);
  // What comes from now on reaches the process that is left.
  alone.twilio.target = alone.url;
  await other.kill();

  const { at, code } = await talking.line.waitFor("stream_closed_by_server");
  expect(code).toBe(1006);
  const play = await talking.line.waitFor("play");
  expect(play.at - at).toBeLessThan(3000);
  const [{ turns }] = await Promise.all([
    leavesMessage(alone, live, talking, "stream_lost"),
    rescued(alone, waiting, unopened, "stream_never_started"),
  ]);
  expect(redirects(talking)).toEqual([]);
  expect(turns[0]).toMatchObject({ role: "caller", text: phrase("opening_hours").text });
  expect(alone.twilio.violations).toEqual([]);
  await alone.stop();
});

test("neither Twilio nor OpenAI had anything to complain of", () => {
  expect(product.twilio.violations).toEqual([]);
  expect(product.openai.violations).toEqual([]);
});
