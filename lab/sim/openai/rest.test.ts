import OpenAI from "openai";
import { afterEach, beforeEach, expect, it } from "vitest";
import { phrase } from "../../speech/library.ts";
import { mulawWav } from "../../speech/wav.ts";
import { OpenAiSim } from "./index.ts";

let sim: OpenAiSim;
let client: OpenAI;
const model = "gpt-5.2";
const tools = [
  {
    type: "function" as const,
    function: {
      name: "find_free_slots",
      parameters: { type: "object", properties: { date: { type: "string" } } },
    },
  },
];

beforeEach(async () => {
  sim = await new OpenAiSim({ api_key: "k" }).start();
  client = new OpenAI({ apiKey: "k", baseURL: sim.base_url, maxRetries: 0 });
});
afterEach(async () => {
  await sim.stop();
});

it("lists models and refuses a wrong key", async () => {
  const ids = (await client.models.list()).data.map(({ id }) => id);
  expect(ids).toContain("gpt-realtime-2.1");
  const stranger = new OpenAI({ apiKey: "x", baseURL: sim.base_url, maxRetries: 0 });
  await expect(stranger.models.list()).rejects.toMatchObject({ status: 401 });
});

it("transcribes a recording by listening to it", async () => {
  const file = new File([new Uint8Array(mulawWav(phrase("leave_message").audio))], "a.wav");
  const heard = await client.audio.transcriptions.create({
    file,
    model: "gpt-transcribe",
    language: "he",
  });
  expect(heard.text).toBe(phrase("leave_message").text);
  const broken = new File(["x"], "a.exe");
  const refused = client.audio.transcriptions.create({ file: broken, model: "gpt-transcribe" });
  await expect(refused).rejects.toMatchObject({ status: 400 });
  expect(sim.violations).toHaveLength(1);
});

it("calls tools in a chat and goes on with their results", async () => {
  const question = { role: "user" as const, content: phrase("ask_tomorrow").text };
  const first = await client.chat.completions.create({ model, messages: [question], tools });
  const message = first.choices[0]!.message;
  const call = message.tool_calls?.[0];
  expect(call).toMatchObject({ function: { name: "find_free_slots" } });
  const result = {
    role: "tool" as const,
    tool_call_id: call!.id,
    content: '{"ok":true,"days":[]}',
  };
  const { content, tool_calls } = message;
  const messages = [question, { role: "assistant" as const, content, tool_calls: tool_calls! }];
  const next = await client.chat.completions.create({
    model,
    messages: [...messages, result],
    tools,
  });
  expect(next.choices[0]?.finish_reason).toBe("stop");
  expect(next.choices[0]?.message.content).toBe("אין לנו תורים פנויים בקרוב.");
  expect(sim.violations).toEqual([]);
});

it("answers through the Responses API", async () => {
  const answer = await client.responses.create({
    model,
    instructions: "ענה בעברית",
    input: [{ role: "user", content: phrase("opening_hours").text }],
  });
  expect(answer.output_text).toBe(phrase("agent_hours").text);
});

it("counts an unknown field and an unknown address as violations", async () => {
  const messages = [{ role: "user" as const, content: "שלום" }];
  const odd = { model, messages, max_tokens: 5 };
  await expect(client.chat.completions.create(odd)).rejects.toMatchObject({ status: 400 });
  await expect(client.images.generate({ prompt: "x" })).rejects.toMatchObject({ status: 404 });
  expect(sim.violations).toHaveLength(2);
});

it("fails on command", async () => {
  sim.nextRequest("/models", { kind: "http", status: 503 });
  await expect(client.models.list()).rejects.toMatchObject({ status: 503 });
  await expect(client.models.list()).resolves.toBeDefined();
});
