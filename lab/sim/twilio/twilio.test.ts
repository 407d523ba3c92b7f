import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { phrase } from "../../speech/library.ts";
import { transcribe } from "../../speech/recognise.ts";
import { speak, speakMp3 } from "../../speech/voice.ts";
import { mulawOfWav } from "../../speech/wav.ts";
import { TestProduct } from "./test-product.ts";

let product: TestProduct;
const number = "+97231234567";

beforeEach(async () => {
  product = await new TestProduct({ prompt_speed: 20 }).start();
});
afterEach(async () => {
  await product.stop();
});

function codes(): number[] {
  return product.sim.violations.map(({ code }) => code);
}

describe("a call", () => {
  it("asks for TwiML with a valid signature and goes on after the stream with its action", async () => {
    product.answers["/webhook/incoming_call"] = product.connect();
    product.answers["/after"] = product.response("");
    const accepted = product.nextSocket();
    const call = product.sim.placeCall({ to: number });
    const socket = await accepted;
    const start = await socket.next("start");
    expect(start.start).toMatchObject({
      callSid: call.sid,
      accountSid: product.sim.account_sid,
      customParameters: { token: "t&1" },
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
    });
    expect(socket.messages[0]).toEqual({ event: "connected", protocol: "Call", version: "1.0.0" });
    await call.waitFor("webhook", { since: start.at });
    socket.ws.close();
    await call.ended;
    const paths = product.requests.map(({ path }) => path);
    expect(paths[0]).toBe("/webhook/incoming_call");
    expect(paths.filter((path) => path === "/stream_status")).toHaveLength(2);
    expect(paths.slice(-2)).toEqual(["/after", "/webhook/call_status"]);
    expect(product.requests[0]?.params).toMatchObject({ To: number, CallStatus: "ringing" });
    expect(product.requests.at(-1)?.params.CallStatus).toBe("completed");
    expect(product.sim.violations).toEqual([]);
  });

  it("sends the caller's sound in real time, a frame every 20 ms", async () => {
    product.answers["/webhook/incoming_call"] = product.connect();
    const accepted = product.nextSocket();
    const call = product.sim.placeCall({ to: number });
    const socket = await accepted;
    const spoken = await call.say("confirm", { gain_db: -3 });
    const length = phrase("confirm").audio.length / 8;
    expect(spoken.ended_at - spoken.started_at).toBeGreaterThan(length - 15);
    expect(spoken.ended_at - spoken.started_at).toBeLessThan(length + 60);
    call.hangUp();
    await socket.next("stop");
    const media = socket.messages.filter(({ event }) => event === "media");
    expect(media.map((one) => one.media.timestamp)).toEqual(media.map((_, i) => `${i * 20}`));
    expect(media.map((one) => one.media.chunk)).toEqual(media.map((_, i) => `${i + 1}`));
    expect(socket.messages.slice(1).map(({ sequenceNumber }) => Number(sequenceNumber))).toEqual(
      socket.messages.slice(1).map((_, i) => i + 1),
    );
    const sound = media.map((one) => Buffer.from(one.media.payload, "base64"));
    expect(transcribe(Buffer.concat(sound))).toBe(phrase("confirm").text);
    await call.ended;
  });

  it("plays in real time, returns marks when they are reached and all of them on clear", async () => {
    product.answers["/webhook/incoming_call"] = product.connect();
    const accepted = product.nextSocket();
    const call = product.sim.placeCall({ to: number });
    const socket = await accepted;
    await socket.next("start");
    const greeting = speak("שלום, איך אפשר לעזור?");
    const sent = performance.now();
    socket.media(greeting.subarray(0, 800));
    socket.mark("first");
    socket.media(greeting.subarray(800));
    socket.mark("second");
    await socket.next("mark");
    expect(performance.now() - sent).toBeGreaterThan(95);
    expect(performance.now() - sent).toBeLessThan(160);
    await call.silence(300);
    const cleared = performance.now();
    socket.clear();
    const ended = await call.hears({ quiet_ms: 100, since: sent });
    expect(ended).toBeGreaterThan(cleared - 25);
    expect(ended).toBeLessThan(cleared + 30);
    const marks = socket.messages.filter(({ event }) => event === "mark");
    expect(marks.map(({ mark }) => mark.name)).toEqual(["first", "second"]);
    socket.media(greeting);
    await call.hears({ text: "שלום, איך אפשר לעזור?", since: cleared + 100 });
    expect(await call.hears({ since: sent })).toBeLessThan(sent + 60);
    await expect(call.hears({ text: "להתראות", timeout_ms: 50 })).rejects.toThrow("not heard");
  });

  it("lets the caller hear themselves and the room", async () => {
    product.answers["/webhook/incoming_call"] = product.connect();
    const accepted = product.nextSocket();
    const call = product.sim.placeCall({ to: number, echo: { delay_ms: 60, gain_db: -20 } });
    const socket = await accepted;
    await socket.next("start");
    socket.media(phrase("confirm").audio);
    await call.hears({ quiet_ms: 200 });
    const echo = Buffer.concat(
      socket.messages
        .filter(({ event }) => event === "media")
        .map((one) => Buffer.from(one.media.payload, "base64")),
    );
    expect(transcribe(echo)).toBe(phrase("confirm").text);
  });

  it("falls back to a recording, which is fetched with the account's credentials", async () => {
    const base = product.public_base_url;
    product.answers["/webhook/incoming_call"] = product.response(
      `<Play>${base}/fallback.mp3</Play><Record playBeep="false" timeout="1" maxLength="30" action="${base}/recorded"/>`,
    );
    product.answers["/recorded"] = { status: 204 };
    product.files["/fallback.mp3"] = { type: "audio/mpeg", body: speakMp3("השאירו הודעה") };
    const call = product.sim.placeCall({ to: number });
    await call.say("leave_message");
    await call.ended;
    const recorded = product.requests.find(({ path }) => path === "/recorded");
    const url = `${recorded?.params.RecordingUrl}.wav`;
    const { account_sid, auth_token } = product.sim;
    const basic = Buffer.from(`${account_sid}:${auth_token}`).toString("base64");
    expect((await fetch(url)).status).toBe(401);
    const file = await fetch(url, { headers: { authorization: `Basic ${basic}` } });
    const sound = mulawOfWav(Buffer.from(await file.arrayBuffer()));
    expect(transcribe(sound)).toBe(phrase("leave_message").text);
    expect(product.sim.violations).toEqual([]);
  });

  it("reports a recording that the hang-up ended, and not an empty one", async () => {
    const action = `${product.public_base_url}/recorded`;
    product.answers["/webhook/incoming_call"] = product.response(
      `<Record timeout="1" action="${action}"/>`,
    );
    product.answers["/recorded"] = { status: 204 };
    const silent = product.sim.placeCall({ to: number });
    await silent.ended;
    expect(product.requests.map(({ path }) => path)).not.toContain("/recorded");
    const call = product.sim.placeCall({ to: number });
    await call.say("confirm");
    call.hangUp();
    await call.ended;
    const recorded = product.requests.find(({ path }) => path === "/recorded");
    expect(recorded?.params).toMatchObject({ Digits: "hangup", CallStatus: "completed" });
  });

  it("dials, redirects and rejects", async () => {
    const base = product.public_base_url;
    product.sim.dial = () => ({ status: "no-answer" });
    product.answers["/webhook/incoming_call"] = product.response(
      `<Redirect>${base}/second</Redirect>`,
    );
    product.answers["/second"] = product.response(
      `<Dial answerOnBridge="true" action="${base}/after">+972521111111</Dial>`,
    );
    product.answers["/after"] = product.response(`<Reject reason="busy"/>`);
    const call = product.sim.placeCall({ to: number });
    await call.ended;
    expect(call.events.find(({ type }) => type === "dial")?.number).toBe("+972521111111");
    const after = product.requests.find(({ path }) => path === "/after");
    expect(after?.params.DialCallStatus).toBe("no-answer");
    expect(call.status).toBe("busy");
  });
});

describe("what Twilio would refuse", () => {
  it.each([
    ["a Hebrew <Say>", `<Say language="he-IL">שלום</Say>`, 13_512],
    ["a relative <Play>", `<Play>/static/a.mp3</Play>`, 11_100],
    ["a <Record> without action", `<Record timeout="1"/>`, 11_100],
    ["an unknown verb", `<Wait/>`, 12_200],
    ["an unknown attribute", `<Hangup now="1"/>`, 12_200],
    ["an unescaped &", `<Redirect>https://phone.example/a?b&c</Redirect>`, 12_100],
  ])("is %s", async (_, verbs, code) => {
    product.answers["/webhook/incoming_call"] = product.response(verbs);
    const call = product.sim.placeCall({ to: number });
    await call.waitFor("violation");
    call.hangUp();
    await call.ended;
    expect(codes()).toContain(code);
  });

  it.each([
    ["a webhook that fails", { status: 500 }, 11_200],
    ["TwiML that says it is JSON", { status: 200, type: "application/json", body: "{}" }, 12_300],
  ])("is %s", async (_, answer, code) => {
    product.answers["/webhook/incoming_call"] = answer;
    await product.sim.placeCall({ to: number }).ended;
    expect(codes()).toEqual([code]);
  });

  it("is a file that is not there", async () => {
    product.answers["/webhook/incoming_call"] = product.response(
      `<Play>${product.public_base_url}/missing.mp3</Play>`,
    );
    await product.sim.placeCall({ to: number }).ended;
    expect(codes()).toEqual([11_200]);
  });

  it.each([
    ["a query string", "wss://phone.example/ws/twilio-media?token=1"],
    ["a plain ws address", "ws://phone.example/ws/twilio-media"],
    ["a path that is no WebSocket", "wss://phone.example/nothing"],
  ])("is a stream with %s", async (_, url) => {
    product.answers["/webhook/incoming_call"] = product.response(
      `<Connect action="${product.public_base_url}/after"><Stream url="${url}"/></Connect>`,
    );
    product.answers["/after"] = product.response("");
    await product.sim.placeCall({ to: number }).ended;
    expect(codes()).toEqual([31_920]);
    expect(product.requests.map(({ path }) => path)).toContain("/after");
  });

  it.each([
    ["a binary frame", Buffer.from("{}"), 31_950],
    ["what is not JSON", "{", 31_951],
    ["an unknown event", '{"event":"stop","streamSid":"MZ"}', 31_951],
    ["another stream's id", '{"event":"clear","streamSid":"MZ"}', 31_951],
    ["a broken payload", '{"event":"media","streamSid":"MZ","media":{"payload":"%"}}', 31_951],
    ["an unnamed mark", '{"event":"mark","streamSid":"MZ","mark":{"name":""}}', 31_951],
  ])("is %s on the stream", async (_, message, code) => {
    product.answers["/webhook/incoming_call"] = product.connect();
    product.onSocket = ({ ws, next }) => void next("start").then(() => ws.send(message));
    const call = product.sim.placeCall({ to: number });
    await call.waitFor("violation");
    expect(codes()).toEqual([code]);
  });
});
