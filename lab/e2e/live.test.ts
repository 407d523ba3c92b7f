import type { Appointment } from "@agentlocator/contract";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { call } from "./caller.ts";
import { booked, clerk, offer } from "./clerk.ts";
import { openBrowser } from "./live-events.ts";
import type { Browser, LiveEvent } from "./live-events.ts";
import { startProduct } from "./product.ts";
import type { Product } from "./product.ts";

let product: Product;

beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product?.stop());

const stored = ({ events }: Browser) => events.filter(({ id }) => id !== undefined);
const names = (events: LiveEvent[]) => events.map(({ name }) => name);

test("a browser sees a call as it happens: its own business's, and in order", async () => {
  const ours = await product.addBusiness({ greeting: "שלום" }, clerk());
  const theirs = await product.addBusiness({ ai_enabled_calls: false });
  const browser = await openBrowser(product.url, ours.credentials);
  const neighbour = await openBrowser(product.url, theirs.credentials);
  for (const one of [browser, neighbour]) onTestFinished(() => one.close());

  const caller = call(product, ours);
  await browser.waitFor(({ name, ref }) => name === "call" && ref.call_sid === caller.line.sid);
  await caller.hearsOut("שלום");
  const unanswered = call(product, theirs);
  await caller.ask("ask_tomorrow", offer);
  const asked = browser.events.findLastIndex(({ ref: { speaking } }) => speaking === "caller");
  expect(asked).toBeGreaterThan(0);
  expect(names(browser.events.slice(asked))).toContain("thread");
  expect(names(browser.events)).not.toContain("appointment");
  await caller.ask("confirm", booked);
  const [made] = (await ours.owner.get<{ items: Appointment[] }>("/api/appointments")).items;
  const { ref } = await browser.waitFor(({ name }) => name === "appointment");
  expect(ref.id).toBe(made!.id);
  caller.line.hangUp();
  await caller.stored(({ status }) => status === "completed");

  const speaking = browser.events.flatMap(({ ref: { speaking } }) => speaking ?? []);
  expect(speaking.filter((who, i) => who !== speaking[i - 1])).toEqual([
    "agent",
    "caller",
    "agent",
    "caller",
    "agent",
  ]);
  const ids = stored(browser).map(({ id }) => id!);
  expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
  const sids = browser.events.flatMap(({ ref: { call_sid } }) => call_sid ?? []);
  expect([...new Set(sids)]).toEqual([caller.line.sid]);

  // The neighbour's caller was asked for a message; nothing of ours was told there.
  await unanswered.line.waitFor("record_started");
  await neighbour.waitFor(({ name }) => name === "notification");
  expect(names(neighbour.events).filter((name) => name !== "call")).toEqual([
    "thread",
    "task",
    "notification",
  ]);
  const heard = neighbour.events.flatMap(({ ref: { call_sid } }) => call_sid ?? []);
  expect([...new Set(heard)]).toEqual([unanswered.line.sid]);

  // Who comes back with the last event seen is told all that came after it.
  const [first, ...missed] = stored(browser);
  const back = await openBrowser(product.url, ours.credentials, first!.id);
  onTestFinished(() => back.close());
  await back.waitFor(({ id }) => id === missed.at(-1)!.id);
  expect(stored(back).slice(0, missed.length)).toEqual(missed);
}, 60_000);
