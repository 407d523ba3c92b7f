import { describe, expect, it } from "vitest";
import type { Brain } from "../../../../../lab/sim/openai/index.ts";
import { phrase } from "../../../../../lab/speech/library.ts";
import { greeted, order, pause, texts, withCall } from "../../../../test/telephone.ts";

const question = phrase("opening_hours");

describe.concurrent("tools", () => {
  const calling =
    (name: string): Brain =>
    (state) => {
      const last = state.items.at(-1);
      if (state.response_instructions !== null) {
        return { say: /«(.+)»/.exec(state.response_instructions)?.[1] ?? "להתראות" };
      }
      if (last?.type === "function_call_output") return { say: `תוצאה ${last.output.length}` };
      return { calls: [{ name, arguments: { a: 1 } }] };
    };

  it("are run and answered", async () => {
    const seen: unknown[] = [];
    const run = async (call: object) => {
      seen.push(call);
      return { output: { ok: true } };
    };
    const options = { sim: { brain: calling("find_free_slots") } };
    await withCall({ options, run }, async (call, line) => {
      await greeted(call);
      const { ended_at } = await call.mouth.say(question.audio);
      await call.hears(ended_at);
      await call.until(() => texts(call).includes("תוצאה 11"));
      expect(seen).toMatchObject([{ name: "find_free_slots", arguments: '{"a":1}' }]);
      const outputs = line.sim.connections[0]!.received.filter(
        (event) =>
          event.type === "conversation.item.create" && event.item.type === "function_call_output",
      );
      expect(outputs).toHaveLength(1);
    });
  });

  it("that hang: filler, deadline, and the model is told", async () => {
    const options = {
      sim: { brain: calling("find_free_slots") },
      limits: { tool_deadline_ms: 3_000 },
    };
    let aborted = false;
    const run = (_call: object, signal: AbortSignal) =>
      new Promise<never>(() => signal.addEventListener("abort", () => (aborted = true)));
    await withCall({ options, run }, async (call, line) => {
      await greeted(call);
      const { ended_at } = await call.mouth.say(question.audio);
      expect((await call.hears(ended_at)) - ended_at).toBeLessThan(3_000);
      await call.until(() => texts(call).some((text) => text.startsWith("תוצאה")));
      expect(aborted).toBe(true);
      expect(line.sim.connections).toHaveLength(1);
      expect(JSON.stringify(line.sim.connections[0]!.received)).toContain("took too long");
    });
  });

  it("that fail are told to the model, not thrown", async () => {
    const options = { sim: { brain: calling("find_free_slots") } };
    const run = () => Promise.reject(new Error("database"));
    await withCall({ options, run }, async (call) => {
      await greeted(call);
      await call.mouth.say(question.audio);
      await call.until(() => texts(call).some((text) => text.startsWith("תוצאה")));
    });
  });

  it("`say` is said word for word", async () => {
    const say = phrase("agent_which_time").text;
    const options = { sim: { brain: calling("propose_slot") } };
    await withCall({ options, run: async () => ({ output: {}, say }) }, async (call) => {
      await greeted(call);
      await call.mouth.say(question.audio);
      await call.until(() => texts(call).includes(say));
    });
  });

  it("end_call: the goodbye is heard out, then the stream is closed", async () => {
    const say = phrase("agent_goodbye");
    const options = { sim: { brain: calling("end_call") } };
    const run = async () => ({ output: {}, say: say.text, effect: "end_call" as const });
    await withCall({ options, run }, async (call) => {
      await greeted(call);
      const { ended_at } = await call.mouth.say(question.audio);
      expect(await call.ended).toEqual({ by: "server", code: 1000 });
      const frames = call.stream.playback.audibleFrames(ended_at);
      expect(frames.length * 20).toBeGreaterThan(say.audio.length / 8 - 700);
      expect(performance.now() - frames.at(-1)!).toBeLessThan(600);
      expect(call.record).toMatchObject({ ended: "agent_ended", failed: [] });
    });
  });

  it("end_call: a model that dies during the goodbye does not spoil it", async () => {
    const say = phrase("agent_goodbye");
    const options = { sim: { brain: calling("end_call"), latency: { speed: 50 } } };
    const run = async () => ({ output: {}, say: say.text, effect: "end_call" as const });
    await withCall({ options, run }, async (call, line) => {
      await greeted(call);
      const { ended_at } = await call.mouth.say(question.audio);
      await call.hears(ended_at);
      await pause(600);
      line.sim.connections[0]!.close(1011, "");
      await call.ended;
      expect(call.record).toMatchObject({ ended: "agent_ended", failed: [] });
      const heard = call.stream.playback.audibleFrames(ended_at).length * 20;
      expect(heard).toBeGreaterThan(say.audio.length / 8 - 700);
    });
  });

  it("transfer: announced, then the stream is handed on", async () => {
    const options = { sim: { brain: calling("transfer_to_person") } };
    const run = async () => ({ output: {}, effect: "transfer" as const });
    await withCall({ options, run }, async (call) => {
      await greeted(call);
      await call.mouth.say(question.audio);
      await call.ended;
      expect(call.record.ended).toBe("transfer");
      expect(order(call)).toBe("aca");
    });
  });

  it("what the caller says is checked by code, and its word comes first", async () => {
    const say = phrase("agent_which_time").text;
    const heard: string[] = [];
    const callerSaid = async (text: string) => {
      heard.push(text);
      return text === question.text ? { say, note: "no complete slot" } : null;
    };
    const sim = { latency: { think_ms: [900, 900], transcribe_ms: [50, 50] } as const };
    await withCall({ callerSaid, options: { sim } }, async (call, line) => {
      await greeted(call);
      await call.mouth.say(question.audio);
      await call.until(() => texts(call).includes(say));
      expect(heard).toEqual([question.text]);
      expect(texts(call)).not.toContain(phrase("agent_hours").text);
      const notes = line.sim.connections[0]!.conversation.understood();
      expect(notes).toContainEqual(
        expect.objectContaining({ role: "system", text: "no complete slot" }),
      );
    });
  });
});
