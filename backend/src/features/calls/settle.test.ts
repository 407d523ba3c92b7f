import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TwilioSim, type SimCall } from "../../../../lab/sim/twilio/index.ts";
import { phrase } from "../../../../lab/speech/library.ts";
import { createPeople } from "../../../test/people.ts";
import type { TestPeople } from "../../../test/people.ts";
import type { Env } from "../../platform/env.ts";
import { sendToFallback } from "./fallback.ts";
import { lookForMissedCalls, settleJobs } from "./settle.ts";
import { openCall } from "./store.ts";
import { createTwilioRest } from "./twilio-rest.ts";

const from_number = "+972501234567";
let people: TestPeople;
let twilio: TwilioSim;
let business: Awaited<ReturnType<TestPeople["business"]>>;
let to_number: string;
let jobs: ReturnType<typeof settleJobs>;

beforeAll(async () => {
  people = await createPeople();
  business = await people.business();
  to_number = await people.db.inSystem(async ({ trx }) => {
    const row = await trx("businesses").where({ id: business.id }).first("phone_number");
    return row.phone_number as string;
  });
  // Nothing listens there: what Twilio reports reaches nobody, as while the backend is away.
  twilio = new TwilioSim({ public_base_url: "https://x.example", target: "http://127.0.0.1:9" });
  await twilio.start();
  const rest = createTwilioRest({
    TWILIO_ACCOUNT_SID: twilio.account_sid,
    TWILIO_AUTH_TOKEN: twilio.auth_token,
    TWILIO_API_BASE_URL: twilio.api_base_url,
  } as Env);
  jobs = settleJobs({ db: people.db, log: people.log, rest });
});
afterAll(async () => {
  await twilio.stop();
  await people.close();
});

const run = (task: string, payload: object) =>
  jobs[task]!({ business_id: business.id, ...payload }, {} as never);
const stored = (call_sid: string) =>
  people.db.inBusiness(business.id, ({ trx }) => trx("calls").where({ call_sid }).first());
const planned = (call_sid: string) =>
  people.db.inBusiness(business.id, ({ trx }) => trx("tasks").where({ call_sid }));

/** From when on the jobs of this task that wait will look. */
async function pendingSince(task: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: people.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ since: string }>(
      `select j.payload->>'since' as since from graphile_worker._private_jobs j
       join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier = $1`,
      [task],
    );
    return rows.map(({ since }) => since);
  } finally {
    await client.end();
  }
}

/** A call that is over, of which the backend was told nothing more. */
async function overAt(call: SimCall): Promise<string> {
  await call.ended;
  return call.sid;
}

async function inTheBooks(call_sid: string): Promise<void> {
  await people.db.inBusiness(business.id, async (tx) => {
    await openCall(tx, { call_sid, from_number, to_number });
    await sendToFallback(tx, call_sid, "stream_lost", { redirect: false, log: people.log });
  });
}

test("a call whose end nobody was told of gets it from Twilio, with the message that was left", async () => {
  const call_sid = await overAt(twilio.placeCall({ to: to_number, from: from_number }));
  await inTheBooks(call_sid);
  const { sid } = twilio.recordings.add(call_sid, phrase("leave_message").audio);
  expect(await stored(call_sid)).toMatchObject({ ended_at: null, recording_sid: null });
  await run("call.settle", { call_sid });
  const call = await stored(call_sid);
  expect(call).toMatchObject({ status: "fallback", recording_sid: sid });
  expect(call.ended_at).not.toBeNull();
  expect(call.duration_seconds).toBeGreaterThan(0);
  expect(call.recording_source_url).toContain(`/Recordings/${sid}`);
});

test("a call that Twilio does not know is over", async () => {
  const call_sid = `CA${randomBytes(16).toString("hex")}`;
  await inTheBooks(call_sid);
  await run("call.settle", { call_sid });
  expect((await stored(call_sid)).ended_at).not.toBeNull();
});

test("calls that came while nobody was here are entered once, with a task to call back", async () => {
  const known = await overAt(twilio.placeCall({ to: to_number, from: from_number }));
  await inTheBooks(known);
  const missed = await overAt(twilio.placeCall({ to: to_number, from: from_number }));
  const elsewhere = await overAt(twilio.placeCall({ to: "+97239999999", from: from_number }));
  const since = new Date(Date.now() - 60_000).toISOString();
  await run("calls.missed", { since });
  await run("calls.missed", { since });
  expect(await stored(missed)).toMatchObject({ status: "fallback", from_number });
  expect((await stored(missed)).ledger.fallback_reason).toBe("unreachable");
  expect(await planned(missed)).toHaveLength(1);
  expect((await stored(known)).ledger.fallback_reason).toBe("stream_lost");
  expect(await stored(elsewhere)).toBeUndefined();
});

test("a start looks back to the newest call that is known", async () => {
  const call_sid = await overAt(twilio.placeCall({ to: to_number, from: from_number }));
  await inTheBooks(call_sid);
  await lookForMissedCalls(people.db);
  await lookForMissedCalls(people.db);
  const pending = await pendingSince("calls.missed");
  expect(pending).toHaveLength(1);
  const back_ms = Date.now() - Date.parse(pending[0]!);
  expect(back_ms).toBeGreaterThan(9 * 60_000);
  expect(back_ms).toBeLessThan(12 * 60_000);
});
