import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { OpenAiSim } from "../../../../../lab/sim/openai/index.ts";
import { toolDefinitions } from "../tools/index.ts";
import { createModel, ModelUnavailable, type Question } from "./model.ts";

const PATH = "/responses";
const sim = new OpenAiSim({ api_key: "sk-right", brain: () => ({ say: " שלום " }) });
const question: Question = {
  instructions: "ענה",
  input: [{ role: "user", content: "שלום" }],
  tools: toolDefinitions("whatsapp"),
  may_call: true,
};
const ask = (key: string | undefined = "sk-right", timeout = 10_000) => {
  const env = { OPENAI_API_KEY: key, OPENAI_BASE_URL: sim.base_url, OPENAI_CHAT_MODEL: "gpt-5.4" };
  return createModel(env, timeout)(question);
};
const failure = async (answer: Promise<unknown>) =>
  (await answer.catch((error: unknown) => error)) as ModelUnavailable;

beforeAll(() => sim.start());
afterAll(() => sim.stop());
afterEach(() => {
  sim.everyRequest(PATH, null);
  expect(sim.violations).toEqual([]);
});

test("answers with words, without keeping them at the provider", async () => {
  expect(await ask()).toEqual({ text: "שלום", calls: [] });
  expect(sim.requests.at(-1)!.body).toMatchObject({ store: false, tool_choice: "auto" });
});

test("is not waited for longer than a while", async () => {
  sim.everyRequest(PATH, { kind: "hang" });
  expect(await failure(ask("sk-right", 100))).toBeInstanceOf(ModelUnavailable);
});

test("says when to come back", async () => {
  sim.nextRequest(PATH, { kind: "http", status: 429, retry_after: 9 });
  const error = await failure(ask());
  expect(error).toMatchObject({ name: "ModelUnavailable", retry_after_ms: 9000, refused: false });
});

test("what did not please it is told apart from what went wrong", async () => {
  sim.nextRequest(PATH, { kind: "http", status: 400 });
  expect(await failure(ask())).toMatchObject({ refused: true, retry_after_ms: null });
  sim.nextRequest(PATH, { kind: "reset" });
  expect(await failure(ask())).toMatchObject({ refused: false });
});

test("no key, and a wrong one that is not quoted", async () => {
  expect((await failure(ask(""))).message).toBe("OPENAI_API_KEY is not set");
  expect((await failure(ask("sk-wrong"))).message).toBe("OpenAI answered 401");
});
