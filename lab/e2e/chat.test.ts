import type { Task } from "@agentlocator/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Brain } from "../sim/openai/index.ts";
import { startBackendProcess } from "./backend-process.ts";
import { eventually, until } from "./eventually.ts";
import { startProduct, type Product, type TestBusiness } from "./product.ts";

const OURS = "+14155550123";

let product: Product;
let business: TestBusiness;
let brain: Brain;
let people = 0;

beforeAll(async () => {
  product = await startProduct({ TWILIO_WA_FROM: OURS });
  business = await product.addBusiness({}, (state) => brain(state));
  await product.admin.patch(`/api/admin/businesses/${business.id}`, { whatsapp_number: OURS });
});
afterAll(() => product?.stop());

/** Somebody with WhatsApp, who writes to the business by way of Twilio. */
function customer() {
  people += 1;
  const from = `+97254880${String(people).padStart(4, "0")}`;
  return {
    writes: (body: string) => product.twilio.whatsapp.receive({ from, to: OURS, body }),
    /** What the customer has got, in order. */
    got: () =>
      product.twilio.whatsapp.sent
        .filter(({ params }) => params.To === `whatsapp:${from}`)
        .map(({ body }) => body),
  };
}

test("a burst is answered once, in the time in which a person would", async () => {
  brain = ({ items }) => {
    const said = items.filter((item) => item.type === "message" && item.role === "user");
    return { say: `קיבלתי ${said.length}` };
  };
  const one = customer();
  await one.writes("שלום");
  await one.writes("יש לי שאלה");
  await one.writes("מתי אתם פתוחים?");
  await until(() => one.got().length > 0);
  expect(one.got()).toEqual(["קיבלתי 3"]);
});

test("who asks to be left alone is told so, and gets nothing more from the agent", async () => {
  brain = () => ({ say: "לא היה צריך לצאת" });
  const one = customer();
  await one.writes("הסר");
  await until(() => one.got().length > 0);
  await one.writes("תודה");
  const { items } = await eventually(
    () => business.owner.get<{ items: Task[] }>("/api/tasks"),
    (tasks) => tasks.items.some(({ title }) => title.includes("אחרי שביקש הסרה")),
  );
  expect(items.some(({ body }) => body.includes("תודה"))).toBe(true);
  expect(one.got()).toEqual([
    "הוסרת, ולא נשלח לך עוד הודעות. כדי לחזור ולקבל תשובות אפשר לכתוב: התחל",
  ]);
});

test("killed while the model thinks: answered once, and what was done is not done again", async () => {
  const thinking = Promise.withResolvers<void>();
  const never = new Promise<never>(() => undefined);
  brain = ({ items }) => {
    if (items.at(-1)?.type !== "function_call_output") {
      const message = { subject: "לחזור", message: "לחזור אליי" };
      return { calls: [{ name: "leave_message", arguments: message }] };
    }
    thinking.resolve();
    return never;
  };
  await product.end();
  const backend = await startBackendProcess(product.vars);
  const one = customer();
  await one.writes("שיחזרו אליי בבקשה");
  await thinking.promise;
  await backend.kill();
  const asked: (string | undefined)[] = [];
  brain = ({ items }) => {
    asked.push(items.at(-1)?.type);
    return { say: "רשמתי, נחזור אליך" };
  };
  await product.start();
  await until(() => one.got().length > 0, 40_000);
  expect(one.got()).toEqual(["רשמתי, נחזור אליך"]);
  expect(asked).toEqual(["function_call_output"]);
  const { items } = await business.owner.get<{ items: Task[] }>("/api/tasks");
  expect(items.filter(({ title }) => title === "לחזור")).toHaveLength(1);
});

test("a customer who writes while the model is down is answered when it is back", async () => {
  brain = () => ({ say: "חזרתי" });
  await product.openai.goOffline();
  const one = customer();
  await one.writes("יש שם מישהו?");
  await until(() => product.logged.some(({ msg }) => /could not answer/.test(String(msg))));
  expect(one.got()).toEqual([]);
  await product.openai.goOnline();
  await until(() => one.got().length > 0);
  expect(one.got()).toEqual(["חזרתי"]);
});

test("neither OpenAI nor Twilio had anything to complain of", () => {
  expect(product.openai.violations).toEqual([]);
  expect(product.twilio.violations).toEqual([]);
});
