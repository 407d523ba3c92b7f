import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { eventually } from "./eventually.ts";
import { postWebhook } from "./post-webhook.ts";
import { startProduct } from "./product.ts";
import type { Product, TestBusiness } from "./product.ts";

let product: Product;
let business: TestBusiness;
let calls = 0;

beforeAll(async () => {
  product = await startProduct();
  business = await product.addBusiness({ greeting: "" });
});
afterAll(() => product?.stop());

const callSid = () => `CA${String((calls += 1)).padStart(32, "0")}`;

const webhook = (
  path: string,
  params: Record<string, string>,
  options?: { token?: string; method?: string },
) => postWebhook(product, path, params, options);

const incoming = (call_sid: string, more: Record<string, string> = {}) =>
  webhook("/webhook/incoming_call", {
    CallSid: call_sid,
    From: "+972501234567",
    To: business.phone_number,
    CallStatus: "ringing",
    ...more,
  });

const tokenOf = (twiml: string) => /name="token" value="([^"]+)"/.exec(twiml)![1]!;

test("an incoming call gets the TwiML of the contract, with both methods and both slash forms", async () => {
  const sid = callSid();
  const { status, headers, text } = await incoming(sid);
  expect(status).toBe(200);
  expect(headers.get("Content-Type")).toMatch(/^text\/xml/);
  expect(text.replace(tokenOf(text), "TOKEN")).toBe(
    '<?xml version="1.0" encoding="UTF-8"?><Response>' +
      '<Connect action="https://phone.example/webhook/stream_ended">' +
      '<Stream url="wss://phone.example/ws/twilio-media"' +
      ' statusCallback="https://phone.example/webhook/stream_status">' +
      `<Parameter name="call_sid" value="${sid}"/><Parameter name="token" value="TOKEN"/>` +
      "</Stream></Connect></Response>",
  );
  expect(tokenOf(text).length).toBeLessThan(400);
  const params = { CallSid: callSid(), From: "+972501234567", To: business.phone_number };
  const got = await webhook("/webhook/incoming_call", params, { method: "GET" });
  expect(got.text).toContain("<Stream");
  const slash = await webhook("/webhook/incoming_call/", { ...params, CallSid: callSid() });
  expect(slash.text).toContain("<Stream");
});

test.each(["incoming_call", "stream_ended", "handle_recording", "call_status"])(
  "%s refuses a wrong or missing signature with 403",
  async (name) => {
    const params = { CallSid: callSid(), To: business.phone_number };
    const wrong = await webhook(`/webhook/${name}`, params, { token: "not-the-token" });
    expect(wrong.status).toBe(403);
    const missing = await fetch(`${product.url}/webhook/${name}`, {
      method: "POST",
      body: new URLSearchParams(params),
    });
    expect(missing.status).toBe(403);
  },
);

test("stream_status needs no signature and changes nothing", async () => {
  const sid = callSid();
  await incoming(sid);
  const response = await fetch(`${product.url}/webhook/stream_status`, {
    method: "POST",
    body: new URLSearchParams({ CallSid: sid, StreamEvent: "stream-stopped" }),
  });
  expect(response.status).toBe(204);
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  expect(await business.owner.get(`/api/calls/${sid}`)).toMatchObject({ status: "ringing" });
});

test("a number that is nobody's is refused, and a call is never another business's", async () => {
  const { text } = await incoming(callSid(), { To: "+97239999999" });
  expect(text).toContain("<Reject");
  const other = await product.addBusiness();
  const sid = callSid();
  await incoming(sid);
  await expect(other.owner.get(`/api/calls/${sid}`)).rejects.toThrow("404");
});

test("a withheld number is a call without contact; the business may write its number as it likes", async () => {
  const sid = callSid();
  await incoming(sid, { From: "anonymous", To: business.phone_number.replace("+972", "0") });
  expect(await business.owner.get(`/api/calls/${sid}`)).toMatchObject({
    from_number: "",
    contact_id: null,
  });
});

test("a webhook that comes five times makes one call", async () => {
  const sid = callSid();
  await Promise.all(Array.from({ length: 5 }, () => incoming(sid)));
  const { items } = await business.owner.get<{ items: { call_sid: string }[] }>("/api/calls");
  expect(items.filter((call) => call.call_sid === sid)).toHaveLength(1);
});

test("after a stream that was never served comes the record fallback, with a task and one bell", async () => {
  const sid = callSid();
  await incoming(sid);
  const { text } = await webhook("/webhook/stream_ended", {
    CallSid: sid,
    CallStatus: "in-progress",
  });
  expect(text).toBe(
    '<?xml version="1.0" encoding="UTF-8"?><Response>' +
      "<Play>https://phone.example/static/tts/fallback_he.mp3</Play>" +
      '<Record playBeep="false" timeout="4" maxLength="30" transcribe="false"' +
      ' action="https://phone.example/webhook/handle_recording"/></Response>',
  );
  const { items: tasks } = await business.owner.get<{ items: { call_sid: string }[] }>(
    "/api/tasks",
  );
  expect(tasks.filter((task) => task.call_sid === sid)).toHaveLength(1);
  const bells = await business.owner.get<{ items: { kind: string; link: string }[] }>(
    "/api/notifications?unread=true",
  );
  expect(bells.items.filter((bell) => bell.link.endsWith(sid))).toMatchObject([
    { kind: "call_fallback" },
  ]);
});

test("a caller who hangs up before the stream leaves a completed call", async () => {
  const sid = callSid();
  await incoming(sid);
  const { status } = await webhook("/webhook/call_status", {
    CallSid: sid,
    CallStatus: "completed",
    CallDuration: "3",
  });
  expect(status).toBe(204);
  expect(await business.owner.get(`/api/calls/${sid}`)).toMatchObject({
    status: "completed",
    end_reason: "caller_hung_up",
    duration_seconds: 3,
  });
});

test("with the agent off, the caller is put through, or asked for a message", async () => {
  const off = await product.addBusiness({ ai_enabled_calls: false, transfer_number: "03-5550000" });
  const dialled = await incoming(callSid(), { To: off.phone_number });
  expect(dialled.text).toContain(">+97235550000</Dial>");
  await off.owner.patch("/api/settings", { transfer_number: null });
  const asked = await incoming(callSid(), { To: off.phone_number });
  expect(asked.text).toContain("fallback_he.mp3");
});

test("greeting_mode play puts the business's greeting before the stream", async () => {
  const playing = await product.addBusiness({ greeting: "שלום", greeting_mode: "play" });
  const { text } = await incoming(callSid(), { To: playing.phone_number });
  const address = /<Play>https:\/\/phone\.example([^<]+)<\/Play><Connect/.exec(text)![1]!;
  const audio = await fetch(product.url + address);
  expect(audio.status).toBe(200);
  expect(audio.headers.get("Content-Type")).toMatch(/^audio\/(mpeg|wav)$/);
  expect((await fetch(`${product.url}${address}x`)).status).toBe(404);
});

/** Opens the media socket as anybody could. */
async function openSocket(path: string, protocols: string[] = []) {
  const socket = new WebSocket(product.url.replace("http", "ws") + path, protocols);
  await once(socket, "open");
  return socket;
}

function startMessage(call_sid: string, parameters: Record<string, string>) {
  const start = {
    streamSid: `MZ${call_sid.slice(2)}`,
    accountSid: product.twilio.account_sid,
    callSid: call_sid,
    tracks: ["inbound"],
    customParameters: parameters,
    mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
  };
  return JSON.stringify({ event: "start", sequenceNumber: "1", streamSid: start.streamSid, start });
}

test.each(["/ws/twilio-media", "/ws/twilio-media/"])(
  "%s echoes Twilio's subprotocol when it is offered, and only then",
  async (path) => {
    const offered = await openSocket(path, ["audio.twilio.com"]);
    expect(offered.protocol).toBe("audio.twilio.com");
    offered.terminate();
    const plain = await openSocket(path);
    expect(plain.protocol).toBe("");
    plain.terminate();
  },
);

test("any other WebSocket path is refused", async () => {
  const socket = new WebSocket(`${product.url.replace("http", "ws")}/ws/other`);
  const [, response] = await once(socket, "unexpected-response");
  expect(response.statusCode).toBe(404);
  socket.on("error", () => {}).terminate();
});

test.each([
  ["no token", () => ({})],
  ["a forged token", () => ({ token: "WzE3NjM2LHt9XQ.abcd" })],
])("a stream with %s is closed with 1008", async (_, parameters) => {
  const sid = callSid();
  await incoming(sid);
  const socket = await openSocket("/ws/twilio-media");
  socket.send(startMessage(sid, { call_sid: sid, ...parameters() }));
  const [code] = await once(socket, "close");
  expect(code).toBe(1008);
});

test("a token is good for its own call, and once", async () => {
  const sid = callSid();
  const token = tokenOf((await incoming(sid)).text);
  const foreign = callSid();
  await incoming(foreign);

  const stolen = await openSocket("/ws/twilio-media");
  stolen.send(startMessage(foreign, { call_sid: foreign, token }));
  expect((await once(stolen, "close"))[0]).toBe(1008);

  const first = await openSocket("/ws/twilio-media");
  first.send(startMessage(sid, { call_sid: sid, token }));
  const second = await openSocket("/ws/twilio-media");
  second.send(startMessage(sid, { call_sid: sid, token }));
  expect((await once(second, "close"))[0]).toBe(1008);
  expect(first.readyState).toBe(WebSocket.OPEN);
  first.close();
});

test("a message beyond the limit ends the socket", async () => {
  const socket = await openSocket("/ws/twilio-media");
  socket.send("x".repeat(100_000));
  expect((await once(socket, "close"))[0]).toBe(1009);
});

test("sockets that never say which call they are keep no call out", async () => {
  const strangers = [];
  for (let i = 0; i < 510; i += 1) strangers.push(await openSocket("/ws/twilio-media"));
  const sid = callSid();
  const token = tokenOf((await incoming(sid)).text);
  const socket = await openSocket("/ws/twilio-media");
  socket.send(startMessage(sid, { call_sid: sid, token }));
  await eventually(
    () => business.owner.get<{ status: string }>(`/api/calls/${sid}`),
    ({ status }) => status === "active",
  );
  expect(socket.readyState).toBe(WebSocket.OPEN);
  for (const stranger of [socket, ...strangers]) stranger.terminate();
});
