import type { Appointment, Thread } from "@agentlocator/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { receptionist } from "../sim/openai/index.ts";
import type { Brain, BrainReply } from "../sim/openai/index.ts";
import { phrase } from "../speech/library.ts";
import { speak } from "../speech/voice.ts";
import { call, spokenBy, toolOutputs } from "./caller.ts";
import type { Caller } from "./caller.ts";
import { booked, calls, clerk, justAnswered, justHeard, offer } from "./clerk.ts";
import { until } from "./eventually.ts";
import { holdThread } from "./hold-thread.ts";
import { startProduct } from "./product.ts";
import type { Product, TestBusiness } from "./product.ts";

const hours = phrase("agent_hours").text;
const which_time = phrase("agent_which_time").text;
const ask_again = "ההצעה הקודמת כבר לא בתוקף. לאיזה תאריך ובאיזו שעה תרצה לקבוע?";
const taken = "השעה הזאת כבר נתפסה";
let product: Product;

beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product?.stop());

/** A call to a business of its own, without a greeting. */
async function dial(brain: Brain): Promise<{ business: TestBusiness; caller: Caller }> {
  const business = await product.addBusiness({ greeting: "" }, brain);
  const caller = call(product, business);
  await caller.line.waitFor("stream_started");
  return { business, caller };
}

const appointments = async ({ owner }: TestBusiness): Promise<Appointment[]> =>
  (await owner.get<{ items: Appointment[] }>("/api/appointments")).items;

const threadOf = async ({ owner }: TestBusiness, caller: Caller): Promise<Thread> => {
  const { thread_id } = await caller.stored(() => true);
  return owner.get<Thread>(`/api/threads/${thread_id}`);
};

const logged = (business: TestBusiness, words: string): boolean =>
  product.logged.some(
    ({ biz, msg }) =>
      biz === business.id && String(msg).startsWith("[NLP]") && `${msg}`.includes(words),
  );

/** Confirms, and hears `text` once, and nothing beside it but `aside`. */
async function hearsOnce(caller: Caller, text: string, aside = ""): Promise<void> {
  const { ended_at } = await caller.line.say("confirm");
  await caller.hearsOut(text, ended_at);
  await caller.line.hears({ quiet_ms: 2000, since: ended_at });
  const sound = caller.line.played(ended_at);
  const sentence = speak(text);
  expect(sound.includes(sentence)).toBe(true);
  // Room for a filler, not for the sentence again.
  expect(sound.length).toBeLessThan(2 * sentence.length + speak(aside).length);
}

const onConfirm = (reply: BrainReply) =>
  clerk((state) => (justHeard(state).includes("מאשר") ? reply : null));

/** Offers a day only. */
const dayOnly = clerk((state) => {
  const found = justAnswered(state);
  if (found?.name === "propose_slot") return { say: "מתי נוח?" };
  if (found?.name !== "find_free_slots") return null;
  const [day] = found.output.days as { date: string }[];
  return calls("propose_slot", { date: day!.date });
});

interface Unclear {
  when: string;
  before?: [phrase: string, answer: string];
  brain?: Brain;
  aside?: string;
}
const unclear: Unclear[] = [
  { when: "at the beginning of a call" },
  { when: "after other talk", before: ["opening_hours", hours] },
  { when: "when only the day is agreed", before: ["ask_tomorrow", "מתי נוח?"], brain: dayOnly },
  {
    when: "when the model speaks before it calls the tool",
    brain: onConfirm({ say: "רגע אחד", ...calls("confirm_appointment") }),
    aside: "רגע אחד",
  },
  {
    when: "when the model calls no tool",
    brain: onConfirm({ say: "בסדר גמור" }),
    aside: "בסדר גמור",
  },
];
test.concurrent.each(unclear)(
  "a confirmation without an exact time is asked about, once: $when",
  async ({ before, brain = clerk(), aside }) => {
    const { business, caller } = await dial(brain);
    if (before) await caller.ask(...before);
    await hearsOnce(caller, which_time, aside);
    caller.line.hangUp();
    const { turns } = await caller.stored(({ status }) => status === "completed");
    expect(turns.filter(({ text }) => text === which_time)).toHaveLength(1);
    expect(await appointments(business)).toEqual([]);
    expect(logged(business, "without an exact time") || logged(business, "not accepted")).toBe(
      true,
    );
  },
);

test.concurrent("the model confirms without the customer's yes: nothing is booked until it comes", async () => {
  const eager = clerk((state) => {
    const found = justAnswered(state);
    if (found?.name === "propose_slot") return calls("confirm_appointment");
    if (found?.name === "confirm_appointment" && !found.output.ok) return { say: offer };
    return justHeard(state).includes("הפתיחה") ? calls("confirm_appointment") : null;
  });
  const { business, caller } = await dial(eager);
  await caller.ask("ask_tomorrow", offer);
  await caller.ask("opening_hours", offer);
  expect(toolOutputs(caller.session()).slice(-1)).toMatchObject([
    { name: "confirm_appointment", ok: false, reason: "not_confirmed_yet" },
  ]);
  expect(await appointments(business)).toEqual([]);
  await caller.ask("confirm", booked);
  expect(await appointments(business)).toHaveLength(1);
  caller.line.hangUp();
});

test.concurrent("the model never confirms: the customer's yes books anyway, once", async () => {
  const { business, caller } = await dial(onConfirm({ say: "רשמתי" }));
  await caller.ask("ask_tomorrow", offer);
  await caller.ask("confirm", "רשמתי");
  await caller.ask("confirm", "רשמתי");
  expect(await appointments(business)).toHaveLength(1);
  caller.line.hangUp();
  const stored = await caller.stored(({ status }) => status === "completed");
  expect(stored.appointment_id).toBe((await appointments(business))[0]!.id);
});

test.concurrent("a yes whose words come late is a yes also to the model's own confirmation", async () => {
  const { business, caller } = await dial(clerk());
  await caller.ask("ask_tomorrow", offer);
  await caller.ask("opening_hours", hours);
  caller.session().delays.latency.transcribe_ms = [1000, 1000];
  await caller.ask("confirm", booked);
  expect(await appointments(business)).toHaveLength(1);
  const confirmed = toolOutputs(caller.session()).filter(
    ({ name }) => name === "confirm_appointment",
  );
  expect(confirmed).toMatchObject([{ ok: true }]);
  caller.line.hangUp();
});

test.concurrent("a yes into the middle of the offer books it", async () => {
  const { business, caller } = await dial(receptionist);
  const { ended_at } = await caller.line.say("ask_tomorrow");
  await caller.line.hears({ since: ended_at });
  await until(() => spokenBy(caller.session()).some((text) => text.includes("האם זה מתאים")));
  await caller.line.say("confirm");
  await caller.hearsOut("קבעתי לך תור");
  expect(await appointments(business)).toHaveLength(1);
  caller.line.hangUp();
  const { ledger } = await caller.stored(({ status }) => status === "completed");
  expect(ledger.barge_ins).toHaveLength(1);
});

test.concurrent("a stale offer is cleared and asked about again, once", async () => {
  const { business, caller } = await dial(clerk());
  await caller.ask("ask_tomorrow", offer);
  const { id, pending_slot } = await threadOf(business, caller);
  const expires_at = new Date(Date.now() - 1000).toISOString();
  await product.db.inSystem(({ trx }) =>
    trx("threads")
      .where({ id })
      .update({ pending_slot: trx.raw("pending_slot || ?", [{ expires_at }]) }),
  );
  expect(pending_slot).not.toBeNull();
  await hearsOnce(caller, ask_again);
  expect((await threadOf(business, caller)).pending_slot).toBeNull();
  expect(await appointments(business)).toEqual([]);
  expect(logged(business, "pending slot cleared, asking again")).toBe(true);
  caller.line.hangUp();
});

test.concurrent("two callers say yes to one slot at once: one booking, one honest answer", async () => {
  const business = await product.addBusiness({ greeting: "" }, clerk());
  const callers = ["+972501111111", "+972502222222"].map((from) =>
    call(product, business, { from }),
  );
  const hears = (caller: Caller, words: string) =>
    caller.stored(({ turns }) => turns.some(({ text }) => text.includes(words)));
  const offered = callers.map(async (caller) => {
    await caller.line.waitFor("stream_started");
    const { ended_at } = await caller.line.say("ask_tomorrow");
    await hears(caller, offer);
    await caller.line.hears({ quiet_ms: 500, since: ended_at });
    return (await threadOf(business, caller)).pending_slot!.starts_at;
  });
  const [one, other] = await Promise.all(offered);
  expect(one).toBe(other);

  const answers = callers.map(async (caller) => {
    await caller.line.say("confirm");
    const { turns } = await caller.stored(({ turns }) =>
      [booked, taken].some((words) => turns.at(-1)!.text.includes(words)),
    );
    caller.line.hangUp();
    return turns.at(-1)!.text;
  });
  const said = await Promise.all(answers);
  expect(said.filter((text) => text.includes(booked))).toHaveLength(1);
  expect(said.filter((text) => text.includes(taken))).toHaveLength(1);
  expect(await appointments(business)).toHaveLength(1);
  const stored = await Promise.all(
    callers.map((caller) => caller.stored(({ status }) => status === "completed")),
  );
  expect(stored.filter(({ appointment_id }) => appointment_id !== null)).toHaveLength(1);
});

test.concurrent("a tool call that is repeated has the same result and happens once", async () => {
  const { business, caller } = await dial(clerk());
  await caller.ask("ask_tomorrow", offer);
  await caller.ask("confirm", booked);
  const [first] = caller.sessions();
  const made = first!.conversation.entries.find(
    ({ item }) => "name" in item && item.name === "confirm_appointment",
  )!;
  const item = { id: made.id, ...made.item, status: "completed" };
  first!.send("response.output_item.done", { response_id: "resp_1", output_index: 0, item });
  // A session that comes after it knows nothing of the first.
  first!.close(1011, "");
  await until(() => caller.sessions().some(({ open }) => open));
  const second = caller.session();
  await until(() => spokenBy(second).length === 2);
  second.conversation.insert(made);
  second.send("response.output_item.done", { response_id: "resp_2", output_index: 0, item });
  await until(() => toolOutputs(second).length === 1);
  const confirmed = toolOutputs(first!).filter(({ name }) => name === "confirm_appointment");
  expect(toolOutputs(second)).toEqual(confirmed);
  expect(await appointments(business)).toHaveLength(1);
  caller.line.hangUp();
});

test.concurrent("a caller who hangs up in the middle of the booking leaves a consistent state", async () => {
  const { business, caller } = await dial(clerk());
  await caller.ask("ask_tomorrow", offer);
  const { id } = await threadOf(business, caller);
  const row = await holdThread(product.db, id);
  await caller.line.say("confirm");
  await row.waitedForBy(2);
  caller.line.hangUp();
  await caller.line.ended;
  await row.release();
  const stored = await caller.stored(({ appointment_id }) => appointment_id !== null);
  expect((await appointments(business)).map((one) => one.id)).toEqual([stored.appointment_id]);
  expect((await threadOf(business, caller)).pending_slot).toBeNull();
});

test("neither Twilio nor OpenAI had anything to complain of", () => {
  expect(product.twilio.violations).toEqual([]);
  expect(product.openai.violations).toEqual([]);
});
