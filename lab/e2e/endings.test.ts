import type { Task } from "@agentlocator/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { phrase } from "../speech/library.ts";
import { speak } from "../speech/voice.ts";
import { call } from "./caller.ts";
import { leavesMessage } from "./message-left.ts";
import { startProduct } from "./product.ts";
import type { Product, TestBusiness } from "./product.ts";

const connecting = "אני מעביר אותך לנציג, רק רגע.";
const answers = "+97235550001";
const rings_out = "+97235550002";
let product: Product;

beforeAll(async () => {
  product = await startProduct();
  product.twilio.dial = (number) =>
    number === answers ? { status: "completed", seconds: 1 } : { status: "no-answer" };
});
afterAll(() => product?.stop());

async function dial(settings: { transfer_number?: string } = {}) {
  const business = await product.addBusiness({ greeting: "", ...settings });
  const caller = call(product, business);
  await caller.line.waitFor("stream_started");
  return { business, caller };
}

const tasksOf = async ({ owner }: TestBusiness): Promise<Task[]> =>
  (await owner.get<{ items: Task[] }>("/api/tasks")).items;

test.concurrent("who asks for a person is told, and put through", async () => {
  const { business, caller } = await dial({ transfer_number: "03-5550001" });
  const { ended_at } = await caller.line.say("to_a_person");
  expect(await caller.line.waitFor("dial")).toMatchObject({ number: answers, status: "completed" });
  expect(caller.line.played(ended_at).includes(speak(connecting))).toBe(true);
  await caller.line.ended;
  const stored = await caller.stored(({ status }) => status === "completed");
  expect(stored).toMatchObject({ end_reason: "transfer", ledger: { fallback_reason: null } });
  expect(await tasksOf(business)).toEqual([]);
});

test.concurrent("when nobody takes the call, the caller leaves a message", async () => {
  const { business, caller } = await dial({ transfer_number: rings_out });
  await caller.line.say("to_a_person");
  expect(await caller.line.waitFor("dial")).toMatchObject({ status: "no-answer" });
  await leavesMessage(product, business, caller, "transfer_unanswered");
});

test.concurrent("without a number the agent takes the message itself", async () => {
  const { business, caller } = await dial();
  await caller.ask("to_a_person", "להשאיר הודעה?");
  await caller.ask("leave_message", "רשמתי את ההודעה");
  expect(await tasksOf(business)).toMatchObject([
    { body: phrase("leave_message").text, call_sid: caller.line.sid, status: "open" },
  ]);
  caller.line.hangUp();
  await caller.stored(({ status }) => status === "completed");
});

test.concurrent("a caller who says nothing for twelve seconds is asked, and served again", async () => {
  const { caller } = await dial();
  const { started_at } = caller.line.stream!;
  const asked_at = await caller.line.hears({ since: started_at, timeout_ms: 20_000 });
  expect(asked_at - started_at).toBeGreaterThan(11_900);
  expect(asked_at - started_at).toBeLessThan(15_000);
  await caller.hearsOut("עדיין על הקו", started_at);
  await caller.ask("opening_hours", phrase("agent_hours").text);
  caller.line.hangUp();
  const { ledger } = await caller.stored(({ status }) => status === "completed");
  // The silence was the caller's own.
  expect(ledger.silences_over_3s).toBe(0);
});

test("neither Twilio nor OpenAI had anything to complain of", () => {
  expect(product.twilio.violations).toEqual([]);
  expect(product.openai.violations).toEqual([]);
});
