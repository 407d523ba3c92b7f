import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import pg from "pg";
import { WebSocket } from "ws";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRunningApp } from "../../../test/running-app.ts";
import type { RunningApp } from "../../../test/running-app.ts";

let app: RunningApp;
let database: pg.Client;
let calls = 0;
const callSid = () => `CA${String((calls += 1)).padStart(32, "0")}`;
beforeAll(async () => {
  // A model that can't be reached is enough for a call to be connected to it.
  const model = { OPENAI_API_KEY: "none", OPENAI_BASE_URL: "http://127.0.0.1:9/v1" };
  app = await startRunningApp(model);
  database = new pg.Client({ connectionString: app.database_url });
  await database.connect();
});
afterAll(async () => {
  await database?.end();
  await app?.stop();
});

/** In how many seconds the watchdog looks for the call's stream; null when it does not. */
async function watchedIn(call_sid: string): Promise<number | null> {
  const { rows } = await database.query<{ seconds: string }>(
    "select extract(epoch from run_at - now()) as seconds from graphile_worker.jobs where key = $1",
    [`watchdog:${call_sid}`],
  );
  return rows[0] ? Number(rows[0].seconds) : null;
}

test("stream_status answers 204 whatever is sent to it", async () => {
  const deep = `{"CallSid":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  for (const body of ['{"CallSid":{"toString":1}}', '{"StreamEvent":["x"]}', deep, "[]"]) {
    const { status } = await fetch(`${app.base}/webhook/stream_status`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
    expect(status, body.slice(0, 40)).toBe(204);
  }
});

test("a socket anywhere but at the media stream is a 404 problem", async () => {
  for (const path of ["/ws/nothing", "/ws/twilio-media//", "/api/auth/me", "/"]) {
    const socket = new WebSocket(app.base.replace("http", "ws") + path);
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
    expect(response.statusCode, path).toBe(404);
    expect(response.headers["content-type"]).toBe("application/problem+json");
    let text = "";
    for await (const chunk of response) text += String(chunk);
    expect(JSON.parse(text)).toMatchObject({ type: "urn:agentlocator:not_found", status: 404 });
  }
});

test("a caller whose number is no telephone number leaves the business's lists readable", async () => {
  const { owner, phone_number } = await app.business();
  for (const From of [
    "+491234",
    "+49301234567890123",
    "sip:x@y.example",
    "+000",
    "",
    "anonymous",
  ]) {
    const call = { CallSid: callSid(), From, To: phone_number };
    expect((await app.webhook("incoming_call", call)).status, From).toBe(200);
  }
  for (const list of ["contacts", "threads", "calls", "tasks", "notifications"]) {
    const answer = await owner.get(`/api/${list}`);
    expect(answer.status, `${list}: ${answer.text}`).toBe(200);
  }
});

test("the watchdog looks for the stream within eight seconds, and later behind a greeting that is played", async () => {
  const { owner, phone_number: To } = await app.business();
  const calling = async (settings: object) => {
    expect((await owner.patch("/api/settings", settings)).status).toBe(200);
    const CallSid = callSid();
    const { text } = await app.webhook("incoming_call", { CallSid, From: "+972501234567", To });
    return { text, seconds: await watchedIn(CallSid) };
  };
  const long = "שלום, הגעתם אלינו. ".repeat(20);
  const spoken = await calling({ greeting: long, greeting_mode: "realtime" });
  expect(spoken.seconds).toBeGreaterThan(3);
  expect(spoken.seconds).toBeLessThan(8.1);
  const played = await calling({ greeting_mode: "play" });
  expect(played.text).toContain("<Play>");
  expect(played.seconds).toBeGreaterThan(spoken.seconds! + (long.length * 80) / 1000);
});

test("a call that goes to a person is not taken away from them for want of a stream", async () => {
  const { owner, phone_number: To } = await app.business();
  const settings = { ai_enabled_calls: false, transfer_number: "+972521234567" };
  expect((await owner.patch("/api/settings", settings)).status).toBe(200);
  const CallSid = callSid();
  const { text } = await app.webhook("incoming_call", { CallSid, From: "+972501234567", To });
  expect(text).toContain("<Dial");
  expect(await watchedIn(CallSid)).toBeNull();
  expect((await owner.get(`/api/calls/${CallSid}`)).body).toMatchObject({ status: "ringing" });
});

test("a report that the database will never take is set aside, and a recording names no path", async () => {
  const { owner, phone_number: To } = await app.business();
  const CallSid = callSid();
  const call = { CallSid, From: "+972501234567", To };
  await app.webhook("incoming_call", call);
  const over = { ...call, CallStatus: "completed", CallDuration: "99999999999" };
  expect((await app.webhook("call_status", over)).status).toBe(204);
  await expect
    .poll(() => app.logged.some(({ msg }) => msg === "[SPOOL] item refused"), { timeout: 5000 })
    .toBe(true);
  const recording = { ...call, RecordingSid: "../../x", RecordingUrl: "https://api.twilio.com/x" };
  expect((await app.webhook("handle_recording", recording)).status).toBe(200);
  expect((await owner.get(`/api/calls/${CallSid}`)).body).toMatchObject({ recording: null });
  const { rows } = await database.query("select 1 from graphile_worker.jobs where key = $1", [
    `recording:${CallSid}`,
  ]);
  expect(rows).toEqual([]);
});

test("a call that the database takes late is in the record fallback all the same, with its task", async () => {
  const { id, owner, phone_number: To } = await app.business();
  await owner.patch("/api/settings", { ai_enabled_calls: false });
  const From = "+972501119999";
  // The call's own contact can't be written as long as this one is.
  await database.query("begin; set local role agentlocator_system");
  await database.query("insert into contacts (business_id, phone) values ($1, $2)", [id, From]);
  const { text } = await app.webhook("incoming_call", { CallSid: callSid(), From, To });
  expect(text).toContain("<Record");
  expect(text).not.toContain("<Pause");
  await database.query("commit");
  await expect
    .poll(async () => (await owner.get("/api/tasks")).body.items.length, { timeout: 5000 })
    .toBe(1);
});
