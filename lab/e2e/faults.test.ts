import type { Appointment, Call } from "@agentlocator/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Brain, Fault } from "../sim/openai/index.ts";
import type { StreamFaults } from "../sim/twilio/index.ts";
import { phrase } from "../speech/library.ts";
import { call, longestSilence, spokenBy } from "./caller.ts";
import type { Caller } from "./caller.ts";
import { booked, clerk, justHeard, offer } from "./clerk.ts";
import { until } from "./eventually.ts";
import { holdThread } from "./hold-thread.ts";
import { leavesMessage } from "./message-left.ts";
import { startProduct } from "./product.ts";
import type { Product, TestBusiness } from "./product.ts";

const hours = phrase("agent_hours");
/** A recorded filler comes after two seconds of waiting; this is the longest silence there may be. */
const BEARABLE_MS = 3000;
let product: Product;

beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product?.stop());

/** A call to a business of its own, without a greeting. */
async function dial(brain: Brain = clerk(), faults: StreamFaults = {}) {
  const business = await product.addBusiness({ greeting: "" }, brain);
  const caller = call(product, business, { faults });
  await caller.line.waitFor("stream_started");
  return { business, caller };
}

const appointments = async ({ owner }: TestBusiness): Promise<Appointment[]> =>
  (await owner.get<{ items: Appointment[] }>("/api/appointments")).items;

const endOf = async (caller: Caller): Promise<Call> => {
  caller.line.hangUp();
  return caller.stored(({ ended_at }) => ended_at !== null);
};

/** Served to the end, without a fallback. */
async function endsServed(caller: Caller): Promise<Call> {
  const stored = await endOf(caller);
  expect(stored).toMatchObject({
    ...{ status: "completed", end_reason: "caller_hung_up" },
    ledger: { fallback_reason: null, silences_over_3s: 0 },
  });
  return stored;
}

test.concurrent("a healthy call notices nothing of them", async () => {
  const { caller } = await dial();
  for (let turn = 0; turn < 3; turn++) {
    const { answered_at } = await caller.ask("opening_hours", hours.text);
    const heard = caller.line.played(answered_at).subarray(0, hours.audio.length);
    expect(heard.equals(hours.audio)).toBe(true);
  }
  expect(caller.sessions()).toHaveLength(1);
  const { ledger, turns } = await endsServed(caller);
  expect(turns).toHaveLength(6);
  for (const ms of ledger.answers_ms) expect(ms).toBeLessThan(3000);
});

const mended: [string, Fault, sessions: number][] = [
  ["closes in the middle of a word", { kind: "close_mid_audio", after_ms: 1000, code: 1011 }, 2],
  ["falls silent in the middle of a word", { kind: "hang_mid_audio", after_ms: 1000 }, 2],
  ["is asked and says nothing", { kind: "no_response" }, 2],
  ["answers in text without sound", { kind: "text_only" }, 1],
  ["fails to answer", { kind: "response_failed", code: "server_error" }, 1],
];
test.concurrent.each(mended)(
  "the model %s: the caller hears the answer",
  async (_, fault, sessions) => {
    const { caller } = await dial();
    await until(() => caller.sessions().length === 1);
    // What was asked is known before the fault strikes; the voice's own tests have the other case.
    caller.session().delays.latency.transcribe_ms = [0, 0];
    caller.session().faults.add(fault);
    const { stopped_at, quiet_at } = await caller.ask("opening_hours", hours.text);
    expect(longestSilence(caller.line, stopped_at, quiet_at)).toBeLessThan(BEARABLE_MS);
    expect(caller.line.played(stopped_at).includes(hours.audio)).toBe(true);
    expect(caller.sessions()).toHaveLength(sessions);
    const { turns } = await endsServed(caller);
    expect(turns[0]).toMatchObject({ role: "caller", text: phrase("opening_hours").text });
    expect(turns.at(-1)).toMatchObject({ role: "agent", text: hours.text });
  },
);

test.concurrent("the model never answers again: fillers, then the caller leaves a message", async () => {
  const dumb: Brain = (state) =>
    justHeard(state).includes("הפתיחה") ? new Promise(() => {}) : clerk()(state);
  const { business, caller } = await dial(dumb);
  const { ended_at } = await caller.line.say("opening_hours");
  const { at } = await caller.line.waitFor("record_started", { timeout_ms: 30_000 });
  expect(longestSilence(caller.line, ended_at, at)).toBeLessThan(BEARABLE_MS);
  const { turns } = await leavesMessage(product, business, caller, "model_mute");
  expect(turns.map(({ role }) => role)).toEqual(["caller"]);
  expect(caller.sessions().every(({ open }) => !open)).toBe(true);
});

test.concurrent("the session's planned end changes nothing for the caller", async () => {
  const { business, caller } = await dial();
  await caller.ask("ask_tomorrow", offer);
  caller.session().expire();
  await until(() => caller.sessions().length === 2);
  const { stopped_at, quiet_at } = await caller.ask("confirm", booked);
  expect(longestSilence(caller.line, stopped_at, quiet_at)).toBeLessThan(BEARABLE_MS);
  const [asked, offered] = caller.session().conversation.understood();
  expect(asked).toMatchObject({ role: "user", text: phrase("ask_tomorrow").text });
  expect(JSON.stringify([offered, ...spokenBy(caller.session())])).toContain(offer);
  expect(await appointments(business)).toHaveLength(1);
  await endsServed(caller);
});

test.concurrent("errors that only say that the model had moved on are nothing", async () => {
  const { caller } = await dial();
  await caller.line.say("opening_hours");
  const session = caller.session();
  session.fail("response_cancel_not_active", "Cancellation failed: no active response found");
  session.fail("conversation_already_has_active_response", "already has an active response");
  await caller.line.hears();
  session.fail("invalid_value", "Audio content of 500ms is already shorter than 640ms");
  await caller.hearsOut(hours.text);
  expect(caller.sessions()).toHaveLength(1);
  const faults = product.logged
    .map(({ msg }) => String(msg))
    .filter((msg) => /REALTIME-ERROR.*(cancel|active|invalid)/.test(msg));
  expect(faults).toEqual([]);
  const { turns } = await endsServed(caller);
  expect(turns).toHaveLength(2);
});

test.concurrent("a tool that hangs: the caller is kept company and told, and may ask again", async () => {
  const { business, caller } = await dial();
  const { thread_id } = await caller.stored(() => true);
  const row = await holdThread(product.db, thread_id!);
  const { stopped_at, quiet_at } = await caller.ask("ask_tomorrow", "אין לנו תורים פנויים");
  expect(longestSilence(caller.line, stopped_at, quiet_at)).toBeLessThan(BEARABLE_MS);
  await row.release();
  await caller.ask("ask_tomorrow", offer);
  await caller.ask("confirm", booked);
  expect(await appointments(business)).toHaveLength(1);
  await endsServed(caller);
});

test.concurrent("garbage among the caller's frames is passed over", async () => {
  const { caller } = await dial(clerk(), { garbage_every: 40 });
  await caller.ask("opening_hours", hours.text);
  await endsServed(caller);
});

test.concurrent("a second stream with the same token is refused, and the first goes on", async () => {
  const { caller } = await dial(clerk(), { opens_twice: true });
  expect((await caller.line.waitFor("second_stream_closed")).code).toBe(1008);
  await caller.ask("opening_hours", hours.text);
  await endsServed(caller);
});

test.concurrent("a caller who hangs up frees the model at once", async () => {
  const { caller } = await dial();
  const { ended_at } = await caller.line.say("opening_hours");
  await caller.line.hears({ since: ended_at });
  await caller.line.silence(1500);
  const session = caller.session();
  const hung_up_at = performance.now();
  caller.line.hangUp();
  await until(() => !session.open);
  expect(performance.now() - hung_up_at).toBeLessThan(500);
  const { turns } = await caller.stored(({ status }) => status === "completed");
  expect(turns).toMatchObject([{ role: "caller" }, { role: "agent", interrupted: true }]);
  expect(turns[1]!.heard_text).not.toBe("");
  expect(turns[1]!.heard_text!.length).toBeLessThan(hours.text.length / 2);
});

test.concurrent("so does one who hangs up before the stream is there", async () => {
  const business = await product.addBusiness({ greeting: "" });
  const caller = call(product, business, { faults: { never_opens: true } });
  await until(() => caller.sessions().length === 1);
  caller.line.hangUp();
  await until(() => !caller.sessions()[0]!.open, 2000);
  await caller.stored(({ status }) => status === "completed");
});

const refusals: [Fault, reason: string, within_ms: number][] = [
  [{ kind: "http", status: 401 }, "model_refused", 2500],
  [{ kind: "http", status: 503 }, "model_unreachable", 4500],
  [{ kind: "reset" }, "model_unreachable", 4500],
  [{ kind: "mute" }, "model_unreachable", 8000],
];

test.concurrent("a model that refuses, is out of order, cut off or mute: each caller leaves a message in time", async () => {
  const alone = await startProduct();
  const messages: Promise<Call>[] = [];
  for (const [fault, reason, within_ms] of refusals) {
    alone.openai.everyConnection(fault);
    const business = await alone.addBusiness({ greeting: "שלום" });
    const caller = call(alone, business);
    const { at } = await caller.line.waitFor("stream_started");
    const closed = await caller.line.waitFor("stream_closed_by_server");
    expect(closed.at - at).toBeLessThan(within_ms);
    const play = await caller.line.waitFor("play");
    expect(longestSilence(caller.line, at, play.at)).toBeLessThan(BEARABLE_MS);
    messages.push(leavesMessage(alone, business, caller, reason));
  }
  alone.openai.everyConnection();
  const caller = call(alone, await alone.addBusiness({ greeting: "" }));
  await caller.line.waitFor("stream_started");
  await caller.ask("opening_hours", hours.text);
  await Promise.all(messages);
  expect(alone.twilio.violations).toEqual([]);
  expect(alone.openai.violations).toEqual([]);
  await alone.stop();
});

test.concurrent("the database goes away in the middle of a tool: the yes books once it is back", async () => {
  const alone = await startProduct();
  const business = await alone.addBusiness({ greeting: "" }, clerk());
  const caller = call(alone, business);
  await caller.line.waitFor("stream_started");
  await caller.ask("ask_tomorrow", offer);
  const { thread_id } = await caller.stored(() => true);
  const row = await holdThread(alone.db, thread_id!);
  const { ended_at } = await caller.line.say("confirm");
  await row.waitedForBy(1);
  alone.line.cut();
  const answered_at = await caller.line.hears({ since: ended_at });
  await caller.line.hears({ quiet_ms: 1000, since: answered_at });
  expect(longestSilence(caller.line, ended_at, performance.now() - 1000)).toBeLessThan(BEARABLE_MS);
  await row.release();
  alone.line.mend();
  await caller.ask("confirm", booked);
  expect(await appointments(business)).toHaveLength(1);
  await endsServed(caller);
  await alone.stop();
});

test("neither Twilio nor OpenAI had anything to complain of", () => {
  expect(product.twilio.violations).toEqual([]);
  expect(product.openai.violations).toEqual([]);
});
