import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { phrase, sounds } from "../../speech/library.ts";
import { join, silence } from "../../speech/mix.ts";
import { decodeMulaw, encodeMulaw, samplesOf } from "../../speech/mulaw.ts";
import { speak } from "../../speech/voice.ts";
import { OpenAiSim } from "./index.ts";
import { sessionUpdate, TestClient } from "./test-client.ts";

let sim: OpenAiSim;
const latency = { think_ms: [5, 10], transcribe_ms: [5, 10], speed: 50 } as const;

beforeEach(async () => {
  sim = await new OpenAiSim({ latency, api_key: "k" }).start();
});
afterEach(async () => {
  await sim.stop();
});

async function session(changes: object = {}, detection: object | null = {}): Promise<TestClient> {
  const client = new TestClient(sim.base_url);
  await client.next("session.created");
  client.send("session.update", sessionUpdate(changes, detection));
  await client.next("session.updated");
  return client;
}

function said(id: string): Buffer {
  const audio = decodeMulaw(phrase(id).audio);
  return encodeMulaw(join(silence(200), audio, silence(700)));
}

function assistantItem(client: TestClient): string {
  const added = client.events.find(({ type }) => type === "response.output_item.added");
  return String(added?.item.id);
}

describe("a session", () => {
  it("echoes the format it was given", async () => {
    const client = await session();
    const updated = client.events.at(-1);
    expect(updated?.session.audio.input.format).toEqual({ type: "audio/pcmu" });
    expect(updated?.session.audio.input.turn_detection).toMatchObject({ create_response: true });
    expect(sim.violations).toEqual([]);
  });

  it("is refused without a key, with a wrong one and with the beta header", async () => {
    const keyless = new TestClient(sim.base_url, {});
    const wrong = new TestClient(sim.base_url, { authorization: "Bearer other" });
    expect([await keyless.close(), await wrong.close()]).toEqual([1006, 1006]);
    expect(sim.refused).toBe(2);
    const headers = { authorization: "Bearer k", "openai-beta": "realtime=v1" };
    expect(await new TestClient(sim.base_url, headers).close()).toBe(4000);
    expect(sim.violations).toMatchObject([{ reason: "beta_api_shape_disabled" }]);
  });

  it.each([
    ["an unknown event", "output_audio_buffer.clear", {}],
    ["an unknown field", "response.create", { response: { temperature: 0.8 } }],
    ["the beta's format", "session.update", { session: { input_audio_format: "g711_ulaw" } }],
    ["a session without a type", "session.update", { session: { instructions: "" } }],
    ["audio that is not base64", "input_audio_buffer.append", { audio: "*" }],
    ["a broken time", "conversation.item.truncate", { item_id: "a", audio_end_ms: 1.5 }],
    [
      "the beta's content type",
      "conversation.item.create",
      { item: { type: "message", role: "assistant", content: [{ type: "text", text: "a" }] } },
    ],
    [
      "an output for no call",
      "conversation.item.create",
      { item: { type: "function_call_output", call_id: "call_x", output: "{}" } },
    ],
  ])("counts %s as a violation and answers with an error", async (_, type, fields) => {
    const client = await session();
    client.send(type, fields);
    await client.next("error");
    expect(sim.violations).toHaveLength(1);
    expect(sim.violations[0]?.event).toBe(type);
  });

  it("counts what is not JSON as a violation", async () => {
    const client = await session();
    client.ws.send("{");
    await client.next("error");
    client.ws.send(Buffer.from("{}"));
    await client.next("error");
    expect(sim.violations.map(({ reason }) => reason)).toEqual(["not JSON", "binary frame"]);
  });
});

describe("a turn", () => {
  it("goes from the caller's sound to a transcript and an answer, in the service's order", async () => {
    const client = await session();
    await client.speak(said("hello_book"));
    const started = await client.next("input_audio_buffer.speech_started");
    const stopped = await client.next("input_audio_buffer.speech_stopped");
    expect(started.audio_start_ms).toBeLessThanOrEqual(220);
    expect(stopped.audio_end_ms).toBeGreaterThan(2000);
    const done = await client.next("response.done");
    expect(done.response).toMatchObject({ status: "completed" });
    expect(done.response.usage.output_token_details.audio_tokens).toBeGreaterThan(20);
    const heard = client.events.find(({ type }) => type.endsWith("transcription.completed"));
    expect(heard).toMatchObject({
      item_id: started.item_id,
      transcript: phrase("hello_book").text,
    });
    const others = client
      .types()
      .filter((type) => !/\.delta$|transcription|rate_limits|^session/.test(type));
    expect(others).toEqual([
      "input_audio_buffer.speech_started",
      "input_audio_buffer.speech_stopped",
      "input_audio_buffer.committed",
      "conversation.item.added",
      "conversation.item.done",
      "response.created",
      "response.output_item.added",
      "conversation.item.added",
      "response.content_part.added",
      "response.output_audio.done",
      "response.output_audio_transcript.done",
      "response.content_part.done",
      "conversation.item.done",
      "response.output_item.done",
      "response.done",
    ]);
    const audio = client.events
      .filter(({ type }) => type === "response.output_audio.delta")
      .map(({ delta }) => Buffer.from(delta, "base64"));
    const [text] = done.response.output[0].content;
    expect(Buffer.concat(audio)).toEqual(speak(text.transcript));
    expect(sim.violations).toEqual([]);
  });

  it("is not begun by a cough or by comfort noise", async () => {
    const client = await session();
    const noise = decodeMulaw(sounds.comfort_noise);
    await client.speak(encodeMulaw(join(noise, decodeMulaw(sounds.cough), noise)));
    client.send("conversation.item.retrieve", { item_id: "none" });
    await client.next("error");
    expect(client.types()).not.toContain("input_audio_buffer.speech_started");
    expect(sim.connections[0]?.heard_ms).toBe(4120);
  });

  it("is only answered on request with create_response false", async () => {
    const client = await session({}, { create_response: false });
    await client.speak(said("opening_hours"));
    await client.next("input_audio_buffer.committed");
    expect(client.types()).not.toContain("response.created");
    client.send("response.create");
    const done = await client.next("response.done");
    expect(done.response.output[0].content[0].transcript).toBe(phrase("agent_hours").text);
  });

  it("can be committed by hand without turn detection, but not when it is empty", async () => {
    const client = await session({}, null);
    client.send("input_audio_buffer.commit");
    expect((await client.next("error")).error.code).toBe("input_audio_buffer_commit_empty");
    await client.speak(said("confirm"));
    client.send("input_audio_buffer.commit");
    const heard = await client.next("conversation.item.input_audio_transcription.completed");
    expect(heard.transcript).toBe(phrase("confirm").text);
  });

  it("interrupts the answer being made", async () => {
    sim.nextConnection({ kind: "hang_mid_audio", after_ms: 200 });
    const client = await session();
    client.send("response.create");
    await client.next("response.output_audio.delta");
    await client.speak(said("interrupt"));
    const done = await client.next("response.done");
    expect(done.response.status_details).toEqual({ type: "cancelled", reason: "turn_detected" });
    expect(done.response.output[0].status).toBe("incomplete");
  });
});

describe("a response", () => {
  it("is one at a time, and can be cancelled once", async () => {
    sim.nextConnection({ kind: "hang_mid_audio", after_ms: 200 });
    const client = await session();
    client.send("response.create");
    await client.next("response.output_audio.delta");
    client.send("response.create");
    const busy = await client.next("error");
    expect(busy.error.code).toBe("conversation_already_has_active_response");
    client.send("response.cancel");
    const done = await client.next("response.done");
    expect(done.response.status_details.reason).toBe("client_cancelled");
    client.send("response.cancel");
    expect((await client.next("error")).error.code).toBe("response_cancel_not_active");
    expect(sim.violations).toEqual([]);
  });

  it("says exactly what its instructions quote", async () => {
    const client = await session();
    client.send("response.create", { response: { instructions: "אמור בדיוק: «שלום עולם»" } });
    const done = await client.next("response.done");
    expect(done.response.output[0].content[0].transcript).toBe("שלום עולם");
  });

  it("is truncated where it was heard, and not beyond its length", async () => {
    const client = await session();
    client.send("response.create");
    await client.next("response.done");
    const item_id = assistantItem(client);
    const truncate = { item_id, content_index: 0 };
    client.send("conversation.item.truncate", { ...truncate, audio_end_ms: 999_999 });
    expect((await client.next("error")).error.message).toMatch(/already shorter than 999999ms/);
    client.send("conversation.item.truncate", { ...truncate, audio_end_ms: 500 });
    await client.next("conversation.item.truncated");
    expect(sim.connections[0]?.conversation.find(item_id)?.audio).toHaveLength(4000);
  });

  it("calls the session's tools and goes on with their output", async () => {
    const tools = ["find_free_slots", "propose_slot"].map((name) => {
      return { type: "function", name, parameters: { type: "object", properties: {} } };
    });
    const client = await session({ tools, tool_choice: "auto" });
    await client.speak(said("ask_tomorrow"));
    const outcome = async (output: object) => {
      const call = await client.next("response.function_call_arguments.done");
      await client.next("response.done");
      const item = { type: "function_call_output", call_id: call.call_id };
      client.send("conversation.item.create", {
        item: { ...item, output: JSON.stringify(output) },
      });
      client.send("response.create");
      return { name: call.name, ...JSON.parse(call.arguments) };
    };
    const days = [{ date: "2026-11-22", times: ["10:00", "10:30"] }];
    expect(await outcome({ ok: true, days })).toEqual({
      name: "find_free_slots",
      from_date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
    });
    const at = { name: "propose_slot", date: "2026-11-22" };
    expect(await outcome({ ok: true, proposed: "יום ראשון בשעה 10:00" })).toEqual({
      ...at,
      time: "10:00",
    });
    const done = await client.next("response.done");
    expect(done.response.output[0].content[0].transcript).toContain("יום ראשון בשעה 10:00");
    await client.speak(said("other_time"));
    expect(await outcome({ ok: false, reason: "taken" })).toEqual({ ...at, time: "10:30" });
    await client.next("response.done");
    await client.speak(said("at_ten"));
    expect(await outcome({ ok: true, proposed: "" })).toEqual({ ...at, time: "10:00" });
    expect(sim.violations).toEqual([]);
  });

  it("comes as PCM at 24 kHz when the session asks for it, and hears it too", async () => {
    const client = new TestClient(sim.base_url);
    await client.next("session.created");
    const format = { type: "audio/pcm", rate: 24_000 };
    const audio = { input: { format }, output: { format } };
    client.send("session.update", { session: { type: "realtime", audio } });
    client.send("response.create");
    const delta = await client.next("response.output_audio.delta");
    const samples = samplesOf(Buffer.from(delta.delta, "base64"));
    expect(samples.length).toBeGreaterThanOrEqual(200 * 24);
    expect(samples.length).toBeLessThanOrEqual(400 * 24);
  });
});
