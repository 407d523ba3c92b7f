import type { Appointment, Contact, Thread } from "@agentlocator/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { phrase } from "../speech/library.ts";
import { speak } from "../speech/voice.ts";
import { call, spokenBy, toldTo } from "./caller.ts";
import { booked, clerk, offer } from "./clerk.ts";
import { until } from "./eventually.ts";
import { startProduct } from "./product.ts";
import type { Product } from "./product.ts";

const hello = phrase("agent_how_help");
const welcome = "ברוכים הבאים למספרה, במה אפשר לעזור?";
let product: Product;

beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product?.stop());

test.concurrent("a caller books an appointment; when they call again they are known", async () => {
  const business = await product.addBusiness({ greeting: hello.text }, clerk());
  const { owner } = business;
  const first = call(product, business);
  await first.hearsOut(hello.text);
  await first.ask("hello_book", "לאיזה יום תרצה לקבוע?");
  await first.ask("ask_tomorrow", offer);

  const running = await first.stored(({ status }) => status === "active");
  const thread = await owner.get<Thread>(`/api/threads/${running.thread_id}`);
  expect(thread).toMatchObject({ type: "call", peer_number: "+972501234567" });
  const offered = thread.pending_slot!;
  expect((await owner.get<{ items: Appointment[] }>("/api/appointments")).items).toEqual([]);

  await first.ask("confirm", booked);
  const goodbye = await first.line.say("goodbye");
  await first.line.ended;
  const farewell = phrase("agent_goodbye");
  expect(first.line.played(goodbye.ended_at).includes(farewell.audio)).toBe(true);

  const stored = await first.stored(({ status }) => status === "completed");
  const { items: made } = await owner.get<{ items: Appointment[] }>("/api/appointments");
  expect(made).toMatchObject([
    {
      ...{ status: "booked", source: "call", call_sid: stored.call_sid },
      ...{ thread_id: stored.thread_id, contact_id: stored.contact_id },
    },
  ]);
  expect(Date.parse(made[0]!.starts_at)).toBe(Date.parse(offered.starts_at));
  expect(stored).toMatchObject({ end_reason: "agent_ended", appointment_id: made[0]!.id });
  expect(await owner.get<Thread>(`/api/threads/${stored.thread_id}`)).toMatchObject({
    pending_slot: null,
  });
  expect(await owner.get<Contact>(`/api/contacts/${stored.contact_id}`)).toMatchObject({
    phone: "+972501234567",
  });

  const { turns, ledger } = stored;
  expect(turns.map(({ role }) => role[0]).join("")).toBe("acacacaca");
  expect(turns.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const began = turns.map(({ started_at }) => Date.parse(started_at));
  expect(began).toEqual(began.toSorted((a, b) => a - b));
  expect(turns.filter(({ role }) => role === "caller").map(({ text }) => text)).toEqual(
    ["hello_book", "ask_tomorrow", "confirm", "goodbye"].map((id) => phrase(id).text),
  );
  for (const turn of turns) expect(turn).toMatchObject({ interrupted: false, heard_text: null });
  expect(turns.at(-1)!.text).toBe(farewell.text);
  expect(ledger).toMatchObject({ barge_ins: [], silences_over_3s: 0, fallback_reason: null });
  expect(ledger.greeting_ms).toBeGreaterThan(0);
  expect(ledger.answers_ms).toHaveLength(4);
  for (const ms of ledger.answers_ms) expect(ms).toBeLessThan(3000);
  const metrics = await (await fetch(`${product.url}/metrics`)).text();
  expect(metrics).toMatch(/agentlocator_calls_total\{reason="agent_ended"\} [1-9]/);

  const again = call(product, business);
  await again.line.waitFor("stream_started");
  const { started_at, playback } = again.line.stream!;
  await until(() => playback.played.length > 0);
  // 20 ms, and as much again for a busy machine.
  expect(playback.played[0]!.start - started_at).toBeLessThan(40);
  await again.hearsOut(hello.text, started_at);
  const sound = again.line.played(started_at).subarray(0, hello.audio.length);
  expect(sound.equals(hello.audio)).toBe(true);
  await until(() => again.session().conversation.entries.length >= 2);
  const [history] = toldTo(again.session());
  expect(history).toContain(phrase("ask_tomorrow").text);
  expect(history).toContain(`appointment_id ${made[0]!.id}`);
  expect(spokenBy(again.session())).toEqual([hello.text]);
  expect(again.session().received.some(({ type }) => type === "response.create")).toBe(false);
  again.line.hangUp();
  await again.line.ended;
  const known = await again.stored(({ status }) => status === "completed");
  expect(known).toMatchObject({ contact_id: stored.contact_id, thread_id: stored.thread_id });
  expect(known.ledger.greeting_ms).toBeLessThanOrEqual(20);
});

test.concurrent("a greeting is spoken once by the model, and again when it has changed", async () => {
  const business = await product.addBusiness({ greeting: hello.text });
  /** Calls, hears the greeting; how often the model was asked to speak. */
  const greet = async (text: string) => {
    const caller = call(product, business);
    const { at } = await caller.line.waitFor("stream_started");
    await caller.hearsOut(text, at);
    const sound = caller.line.played(at).subarray(0, speak(text).length);
    expect(sound.equals(speak(text))).toBe(true);
    const asked = caller.session().received.filter(({ type }) => type === "response.create");
    caller.line.hangUp();
    await caller.line.ended;
    await caller.stored(({ ended_at }) => ended_at !== null);
    return asked.length;
  };
  expect(await greet(hello.text)).toBe(1);
  expect(await greet(hello.text)).toBe(0);
  await business.owner.patch("/api/settings", { greeting: welcome });
  expect(await greet(welcome)).toBe(1);
  expect(await greet(welcome)).toBe(0);
  await business.owner.patch("/api/settings", { voice: "cedar" });
  expect(await greet(welcome)).toBe(1);
});

test.concurrent("without a greeting nothing is asked of the model until the caller speaks", async () => {
  const business = await product.addBusiness({ greeting: "" });
  const caller = call(product, business);
  const { at } = await caller.line.waitFor("stream_started");
  await caller.line.silence(2000);
  expect(caller.line.audible(at)).toEqual([]);
  const asked = () => caller.session().received.filter(({ type }) => type === "response.create");
  expect(asked()).toEqual([]);
  await caller.ask("opening_hours", phrase("agent_hours").text);
  expect(asked()).toHaveLength(1);
  caller.line.hangUp();
  const stored = await caller.stored(({ status }) => status === "completed");
  expect(stored.ledger.greeting_ms).toBeNull();
  expect(stored.turns.map(({ role }) => role)).toEqual(["caller", "agent"]);
});

test.concurrent("a greeting that Twilio plays is heard before the stream, and the model knows it", async () => {
  const business = await product.addBusiness({ greeting: hello.text, greeting_mode: "play" });
  const caller = call(product, business);
  await caller.line.waitFor("stream_started");
  expect(caller.line.events.map(({ type }) => type)).toContain("play");
  await caller.ask("opening_hours", phrase("agent_hours").text);
  expect(spokenBy(caller.session())).toEqual([hello.text, phrase("agent_hours").text]);
  caller.line.hangUp();
  const { turns } = await caller.stored(({ status }) => status === "completed");
  expect(turns.map(({ text }) => text)).toEqual([
    hello.text,
    phrase("opening_hours").text,
    phrase("agent_hours").text,
  ]);
});

test("neither Twilio nor OpenAI had anything to complain of", () => {
  expect(product.twilio.violations).toEqual([]);
  expect(product.openai.violations).toEqual([]);
});
