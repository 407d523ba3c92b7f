import { afterAll, beforeAll, expect, test } from "vitest";
import type { Fault } from "../sim/openai/index.ts";
import type { CallOptions, SimCall } from "../sim/twilio/index.ts";
import { phrase, sounds } from "../speech/library.ts";
import { rmsDb } from "../speech/mix.ts";
import { decodeMulaw } from "../speech/mulaw.ts";
import { speak } from "../speech/voice.ts";
import { call, spokenBy } from "./caller.ts";
import type { Caller } from "./caller.ts";
import { startProduct } from "./product.ts";
import type { Product } from "./product.ts";

const hours = phrase("agent_hours");
const please = "כן, בבקשה";
let product: Product;

beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product?.stop());

/** Where a sound first rises clearly above the noise of the line, ms from its beginning. */
function onset(sound: Buffer): number {
  const level = (from: Buffer, at: number) => rmsDb(decodeMulaw(from.subarray(at, at + 160)));
  const noise = rmsDb(decodeMulaw(sounds.comfort_noise));
  for (let at = 0; at < sound.length; at += 160) {
    if (level(sound, at) > noise + 10) return at / 8;
  }
  throw new Error("nothing but noise");
}

/** When the line fell quiet after a time: for 300 ms or more nothing was heard. */
function quietAfter(line: SimCall, since: number): number {
  const frames = line.audible(since);
  const last = frames.findIndex((at, i) => (frames[i + 1] ?? Infinity) - at > 300);
  return last < 0 ? since : frames[last]! + 20;
}

/** A caller whose voice is known already hears the answer to a question begin. */
async function answering(
  options: Omit<CallOptions, "to"> & { barge_in?: boolean; speed?: number; fault?: Fault } = {},
) {
  const { barge_in = true, speed, fault, ...line } = options;
  const business = await product.addBusiness({ greeting: "", barge_in });
  const caller = call(product, business, line);
  await caller.line.waitFor("stream_started");
  await caller.ask("hello_book", "לאיזה יום תרצה לקבוע?");
  if (speed) caller.session().delays.latency.speed = speed;
  if (fault) caller.session().faults.add(fault);
  const { ended_at } = await caller.line.say("opening_hours");
  return { caller, began_at: await caller.line.hears({ since: ended_at }) };
}

/** All of the answer was heard, without a missing sample, and the line was not cleared. */
async function hearsWhole(caller: Caller, began_at: number): Promise<void> {
  await caller.hearsOut(hours.text, began_at);
  const heard = caller.line.played(began_at).subarray(0, hours.audio.length);
  expect(heard.equals(hours.audio)).toBe(true);
  expect(caller.line.events.filter(({ type }) => type === "clear")).toEqual([]);
  expect(caller.session().received.some(({ type }) => type === "response.cancel")).toBe(false);
}

const endOf = async (caller: Caller) => {
  caller.line.hangUp();
  return caller.stored(({ status }) => status === "completed");
};

const interrupted: [string, { speed?: number; fault?: Fault }, boolean][] = [
  ["while the model speaks", { speed: 1, fault: { kind: "late_audio", chunks: 5 } }, true],
  ["when the model is done and Twilio still plays", { speed: 8 }, false],
];
test.concurrent.each(interrupted)(
  "a caller who interrupts %s is listened to",
  async (_, model, speaking) => {
    const { caller, began_at } = await answering(model);
    const { line } = caller;
    await line.silence(1500);
    const { started_at, ended_at } = await line.say("interrupt");
    const loud_at = started_at + onset(phrase("interrupt").audio);
    await caller.hearsOut(please, ended_at);

    const quiet_at = quietAfter(line, loud_at);
    // How fast is the bench's matter; here it must not be the end of the answer that made it quiet.
    expect(quiet_at - loud_at).toBeLessThan(500);
    expect(line.events.filter(({ type }) => type === "clear")).toHaveLength(1);

    // Of the answer its beginning was heard; nothing of it came later.
    const before = line.played(began_at, ended_at);
    expect(before.equals(hours.audio.subarray(0, before.length))).toBe(true);
    const after = line.played(ended_at);
    expect(after.subarray(0, speak(please).length).equals(speak(please))).toBe(true);

    const session = caller.session();
    const cancels = session.received.filter(({ type }) => type === "response.cancel");
    expect(cancels).toHaveLength(speaking ? 1 : 0);
    const [cut, ...more] = session.received.filter(
      (event) => event.type === "conversation.item.truncate",
    );
    expect(more).toEqual([]);
    // To the frame: the model is told a time, and the ear has a frame.
    expect(cut!.audio_end_ms).toBeLessThan(before.length / 8 + 20);
    expect(cut!.audio_end_ms).toBeGreaterThan(before.length / 8 - 300);
    expect(session.errors).toEqual([]);

    const { turns, ledger } = await endOf(caller);
    const turn = turns.find(({ text }) => hours.text.startsWith(text) && text.length > 10)!;
    expect(turn.interrupted).toBe(true);
    expect(turn.heard_text!.length).toBeGreaterThan(0);
    expect(turn.heard_text!.length).toBeLessThan(hours.text.length);
    expect(hours.text.startsWith(turn.heard_text!)).toBe(true);
    expect(ledger.barge_ins).toHaveLength(1);
    const [barge] = ledger.barge_ins;
    expect(barge!.quiet_ms).toBeLessThan(500);
    expect(barge!.confirmed_ms).toBeLessThan(1000);
    expect(Math.abs(line.stream!.started_at + barge!.at_ms - loud_at)).toBeLessThan(300);
  },
);

test.concurrent("a cough makes the agent go on at the exact sample", async () => {
  const { caller, began_at } = await answering();
  await caller.line.silence(1000);
  await caller.line.cough();
  await caller.line.silence(400);
  await caller.line.cough();
  await hearsWhole(caller, began_at);
  expect((await endOf(caller)).ledger.barge_ins).toEqual([]);
});

const around: [string, Omit<CallOptions, "to">, (line: SimCall) => void][] = [
  ["a noisy line", {}, (line) => line.background(sounds.comfort_noise, { gain_db: 20 })],
  ["talk 10 dB softer", {}, (line) => line.background("background_talk", { gain_db: -10 })],
  ["the agent's own echo", { echo: { delay_ms: 180, gain_db: -14 } }, () => {}],
];
test.concurrent.each(around)(
  "%s does not silence the agent, and the caller still can",
  async (_, options, surround) => {
    const { caller, began_at } = await answering(options);
    surround(caller.line);
    await hearsWhole(caller, began_at);
    caller.line.background(sounds.comfort_noise);
    const { ended_at } = await caller.line.say("opening_hours");
    await caller.line.hears({ since: ended_at });
    surround(caller.line);
    await caller.line.silence(1000);
    const interrupt = await caller.line.say("interrupt");
    const loud_at = interrupt.started_at + onset(phrase("interrupt").audio);
    caller.line.background(sounds.comfort_noise);
    await caller.hearsOut(please, interrupt.ended_at);
    expect(quietAfter(caller.line, loud_at) - loud_at).toBeLessThan(500);
    expect((await endOf(caller)).ledger.barge_ins).toHaveLength(1);
  },
);

test.concurrent("with barge-in off the agent speaks to the end, and then answers", async () => {
  const { caller, began_at } = await answering({ barge_in: false });
  await caller.line.silence(1000);
  await caller.line.say("interrupt");
  await hearsWhole(caller, began_at);
  await caller.hearsOut(please, began_at);
  const { turns, ledger } = await endOf(caller);
  expect(ledger.barge_ins).toEqual([]);
  expect(turns.some((turn) => turn.interrupted)).toBe(false);
});

test.concurrent("a greeting that is interrupted is known to the model as far as it was heard", async () => {
  const greeting = `${phrase("agent_how_help").text} אנחנו כאן בשבילך כל השבוע`;
  const business = await product.addBusiness({ greeting });
  const first = call(product, business);
  await first.hearsOut(greeting);
  first.line.hangUp();
  await first.line.ended;

  const caller = call(product, business);
  const { at } = await caller.line.waitFor("stream_started");
  await caller.line.silence(1200);
  const { ended_at } = await caller.line.say("interrupt");
  await caller.hearsOut(please, ended_at);
  const [heard, answer] = spokenBy(caller.session());
  expect(answer).toBe(please);
  expect(heard!.length).toBeGreaterThan(0);
  expect(heard!.length).toBeLessThan(greeting.length);
  expect(greeting.startsWith(heard!)).toBe(true);
  const sound = caller.line.played(at, ended_at);
  expect(sound.length).toBeLessThan(speak(greeting).length);
  const { turns } = await endOf(caller);
  expect(turns[0]).toMatchObject({ text: greeting, heard_text: heard, interrupted: true });
});

test.concurrent("a caller who interrupts the goodbye is not hung up on", async () => {
  const caller = call(product, await product.addBusiness({ greeting: "" }));
  await caller.line.waitFor("stream_started");
  const { ended_at } = await caller.line.say("goodbye");
  await caller.line.hears({ since: ended_at });
  await caller.line.silence(800);
  await caller.line.say("interrupt");
  await caller.ask("opening_hours", hours.text);
  expect((await endOf(caller)).end_reason).toBe("caller_hung_up");
});

test("neither Twilio nor OpenAI had anything to complain of", () => {
  expect(product.twilio.violations).toEqual([]);
  expect(product.openai.violations).toEqual([]);
});
