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

const PIXEL = "data:image/png;base64,iVBORw0KGgo=";
const look = (image_url: string) =>
  client.responses.create({
    model,
    input: [
      {
        role: "user",
        content: [
          { type: "input_text", text: "מה זה?" },
          { type: "input_image", image_url, detail: "auto" },
        ],
      },
    ],
  });

it("sees pictures, and refuses what is none", async () => {
  expect((await look(PIXEL)).output_text).toBe("תודה, ראיתי את התמונה.");
  await expect(look("data:image/bmp;base64,AA==")).rejects.toMatchObject({ status: 400 });
  await expect(look("/etc/passwd")).rejects.toMatchObject({ status: 400 });
});

it("wants a result for every call and a call for every result", async () => {
  const called = { type: "function_call" as const, call_id: "c1", name: "x", arguments: "{}" };
  const result = { type: "function_call_output" as const, call_id: "c1", output: "{}" };
  const asks = (input: (typeof called | typeof result)[]) =>
    client.responses.create({ model, input });
  await expect(asks([called])).rejects.toMatchObject({ status: 400 });
  await expect(asks([result])).rejects.toMatchObject({ status: 400 });
  await expect(asks([called, result])).resolves.toBeDefined();
});

it("declines", async () => {
  sim.brain = () => ({ refuse: "No." });
  const answer = await client.responses.create({ model, input: "x" });
  expect(answer.output_text).toBe("");
  expect(answer.output[0]).toMatchObject({ content: [{ type: "refusal", refusal: "No." }] });
});

it("knows what is said in a sound that it was told of", async () => {
  sim.knowSound(Buffer.from("OggS voice"), "שלום");
  const hear = (bytes: string) =>
    client.audio.transcriptions.create({ file: new File([bytes], "a.ogg"), model });
  expect((await hear("OggS voice")).text).toBe("שלום");
  expect((await hear("OggS other")).text).toBe("");
});

it("fails once or until it is healthy again, and says when to come back", async () => {
  sim.nextRequest("/models", { kind: "http", status: 429, retry_after: 7 });
  const limited = await client.models.list().catch((error) => error);
  expect(limited.headers.get("retry-after")).toBe("7");
  sim.everyRequest("/models", { kind: "reset" });
  await expect(client.models.list()).rejects.toThrow("Connection error");
  await expect(client.models.list()).rejects.toThrow("Connection error");
  sim.everyRequest("/models", { kind: "hang" });
  await expect(client.models.list({ timeout: 50 })).rejects.toThrow("timed out");
  sim.everyRequest("/models", null);
  await expect(client.models.list()).resolves.toBeDefined();
});
