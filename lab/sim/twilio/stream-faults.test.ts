import { afterEach, beforeEach, expect, it } from "vitest";
import type { StreamFaults } from "./index.ts";
import { TestProduct } from "./test-product.ts";

let product: TestProduct;

beforeEach(async () => {
  product = await new TestProduct().start();
  product.answers["/webhook/incoming_call"] = product.connect();
  product.answers["/after"] = product.response("");
});
afterEach(async () => {
  await product.stop();
});

async function connected(faults: StreamFaults) {
  const accepted = product.nextSocket();
  const call = product.sim.placeCall({ to: "+97231234567", faults, offer_subprotocol: true });
  const socket = await accepted;
  await socket.next("start");
  return { call, socket };
}

it("never opens the stream", async () => {
  const faults = { never_opens: true };
  const call = product.sim.placeCall({ to: "+97231234567", faults });
  await call.waitFor("stream_withheld");
  call.hangUp();
  await call.ended;
  expect(call.events.map(({ type }) => type)).not.toContain("stream_started");
});

it("stops sending media", async () => {
  const { call, socket } = await connected({ media_stops_after_ms: 100 });
  await call.silence(300);
  expect(socket.messages.filter(({ event }) => event === "media")).toHaveLength(5);
  expect(socket.ws.readyState).toBe(socket.ws.OPEN);
});

it("sends garbage", async () => {
  const { call, socket } = await connected({ garbage_every: 2 });
  await call.silence(200);
  const events = new Set(socket.messages.map(({ event }) => event));
  expect(events).toEqual(new Set(["connected", "start", "media", "surprise", "broken"]));
});

it("reads slowly", async () => {
  const { call, socket } = await connected({ slow_reader: { after_ms: 0, for_ms: 300 } });
  await call.silence(20);
  socket.media(Buffer.alloc(1600, 0x20));
  const heard = await call.hears();
  expect(heard - call.stream!.started_at).toBeGreaterThan(250);
});

it("opens a second stream with the same parameters", async () => {
  const sockets: string[] = [];
  product.onSocket = ({ ws, next }) => {
    sockets.push(ws.protocol);
    if (sockets.length === 2) void next("start").then(() => ws.close(1008));
  };
  const { call } = await connected({ opens_twice: true });
  expect(await call.waitFor("second_stream_closed")).toMatchObject({ code: 1008 });
  expect(sockets).toEqual(["audio.twilio.com", "audio.twilio.com"]);
  expect(await call.waitFor("stream_started")).toMatchObject({ echoed: true });
});

it("ends without stop", async () => {
  const { call, socket } = await connected({ no_stop: true });
  const closed = new Promise((resolve) => socket.ws.on("close", resolve));
  call.hangUp();
  expect(await closed).toBe(1006);
  expect(socket.messages.map(({ event }) => event)).not.toContain("stop");
  await call.ended;
});

it("asks for the action after a hang-up when told so", async () => {
  const options = { to: "+97231234567", action_after_hangup: true };
  const call = product.sim.placeCall(options);
  await call.waitFor("stream_started");
  call.hangUp();
  await call.ended;
  expect(product.requests.map(({ path }) => path)).toContain("/after");
});
