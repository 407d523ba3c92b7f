import { describe, expect, it } from "vitest";
import { phrase } from "../../../../../lab/speech/library.ts";
import { ago, greeted, order, telephone, texts, withCall } from "../../../../test/telephone.ts";

const question = phrase("opening_hours");
const answer = phrase("agent_hours");

describe.concurrent("the end", () => {
  it("nobody says anything: asked once, then a goodbye", async () => {
    const options = { limits: { no_input_ms: 1_000, no_input_end_ms: 1_500 } };
    await withCall({ options }, async (call) => {
      expect(await call.ended).toEqual({ by: "server", code: 1000 });
      expect(call.record).toMatchObject({ ended: "no_input", failed: [] });
      expect(order(call)).toBe("aaa");
    });
  });

  it("the time limit of a call ends it politely", async () => {
    await withCall({ brief: { max_call_ms: 2_500 } }, async (call) => {
      await call.ended;
      expect(call.record.ended).toBe("call_cap");
      expect(order(call)).toBe("aa");
    });
  });
});

it("one call's fault touches no other", async () => {
  const line = await telephone();
  try {
    line.sim.nextConnection({ kind: "close_mid_audio", after_ms: 500, code: 1011 });
    const broken = line.call({
      brief: { tools: null as never, fillers: [] },
      callerSaid: () => {
        throw new Error("fault");
      },
    });
    const calls = [1, 2, 3].map(() => line.call());
    await Promise.all(calls.map((call) => greeted(call)));
    await Promise.all(
      calls.map(async (call) => {
        const { ended_at } = await call.mouth.say(question.audio);
        await call.hears(ended_at, 4_000);
        await call.until(() => texts(call).includes(answer.text));
        expect(call.record.failed).toEqual([]);
      }),
    );
    expect(broken.record.ended).not.toBe("caller_hung_up");
    expect(line.voice.activeCalls().length).toBeGreaterThanOrEqual(3);
  } finally {
    await line.stop();
  }
});

it("a stream that is not admitted is closed with 1008", async () => {
  const line = await telephone();
  try {
    const call = line.call({ warm: false });
    line.admissions.clear();
    expect(await call.ended).toEqual({ by: "server", code: 1008 });
    expect(ago(call)).toBeLessThan(1_000);
    expect(line.sim.connections).toEqual([]);
  } finally {
    await line.stop();
  }
});
