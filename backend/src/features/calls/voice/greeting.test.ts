import { describe, expect, it } from "vitest";
import type { Brain } from "../../../../../lab/sim/openai/index.ts";
import { phrase } from "../../../../../lab/speech/library.ts";
import {
  greeted,
  greeting,
  order,
  pause,
  telephone,
  texts,
  withCall,
} from "../../../../test/telephone.ts";

const question = phrase("opening_hours");

it("the greeting is on the line within 20 ms of the start", async () => {
  const line = await telephone();
  try {
    const waits: number[] = [];
    const own: number[] = [];
    for (let i = 0; i < 5; i++) {
      const call = line.call();
      await call.until(() => call.stream.playback.played.length > 0);
      waits.push(call.stream.playback.played[0]!.start - call.stream.started_at);
      own.push(call.record.ledger!.greeting_ms!);
    }
    // The first calls of a process run code for the first time, and tests share the machine.
    expect(Math.min(...waits)).toBeLessThan(20);
    expect(Math.min(...own)).toBeLessThan(5);
  } finally {
    await line.stop();
  }
});

describe.concurrent("greeting", () => {
  it("is heard from its first sample, and the model knows it", async () => {
    await withCall({}, async (call, line) => {
      await greeted(call);
      const { played } = call.stream.playback;
      const heard = Buffer.concat(played.map(({ audio }) => audio));
      expect(heard.subarray(0, greeting.audio.length).equals(greeting.audio)).toBe(true);
      expect(line.sim.connections[0]!.conversation.understood()).toMatchObject([
        { role: "assistant", text: greeting.text },
      ]);
      expect(call.record.turns.get(1)).toMatchObject({ role: "agent", text: greeting.text });
      expect(line.logs.map(({ message }) => message).join("\n")).toMatch(
        /\[CALL\] first AI response started after \d+/,
      );
    });
  });

  it("spoken by the model the first time, and kept", async () => {
    await withCall({ brief: { greeting_audio: null } }, async (call) => {
      await call.until(() => call.record.greeting !== null);
      expect(call.record.greeting).toEqual({ audio: greeting.audio, key: "k1" });
      expect(call.record.ledger!.greeting_ms).toBeLessThan(1_500);
    });
  });

  it("is not kept when the model said something else", async () => {
    const sim = { brain: (() => ({ say: "משהו אחר לגמרי" })) satisfies Brain };
    await withCall({ brief: { greeting_audio: null }, options: { sim } }, async (call) => {
      await call.until(() => texts(call).includes("משהו אחר לגמרי"));
      await pause(500);
      expect(call.record.greeting).toBeNull();
    });
  });

  it("none: nothing is asked of the model until the caller speaks", async () => {
    await withCall({ brief: { greeting: "", greeting_audio: null } }, async (call, line) => {
      await pause(1_500);
      const asked = line.sim.connections[0]!.received.map(({ type }) => type);
      expect(asked).toEqual(["session.update"]);
      const { ended_at } = await call.mouth.say(question.audio);
      await call.hears(ended_at);
      await call.until(() => order(call) === "ca");
    });
  });

  it("played by TwiML: not said again, but known", async () => {
    await withCall({ brief: { greeting_mode: "play" } }, async (call, line) => {
      await pause(1_000);
      expect(call.stream.playback.played).toEqual([]);
      expect(line.sim.connections[0]!.conversation.understood()).toHaveLength(1);
    });
  });
});
