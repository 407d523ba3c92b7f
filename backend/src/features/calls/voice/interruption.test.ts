import { describe, expect, it } from "vitest";
import type { Fault } from "../../../../../lab/sim/openai/index.ts";
import { phrase, sounds } from "../../../../../lab/speech/library.ts";
import type { PhoneCall } from "../../../../test/telephone.ts";
import { greeted, order, pause, texts, withCall } from "../../../../test/telephone.ts";

const question = phrase("opening_hours");
const answer = phrase("agent_hours");
const interruption = phrase("interrupt");

/** Asks for the opening hours; resolves when the long answer has been heard for a second. */
async function listening(call: PhoneCall): Promise<number> {
  const { ended_at } = await call.mouth.say(question.audio);
  const heard_at = await call.hears(ended_at);
  await pause(1_000);
  return heard_at;
}

describe.concurrent("barge-in", () => {
  it("quiet within 250 ms, confirmed within 400, the model knows what was heard", async () => {
    await withCall({}, async (call, line) => {
      await greeted(call);
      await listening(call);
      const { started_at, ended_at } = await call.mouth.say(interruption.audio);
      const after = call.stream.playback.audibleFrames(started_at, ended_at);
      expect(Math.max(...after) + 20 - started_at).toBeLessThan(250);
      await call.until(() => order(call).startsWith("acac"));
      const cut = call.record.turns.get(3)!;
      expect(cut).toMatchObject({ interrupted: true, text: expect.stringContaining("אנחנו") });
      expect(answer.text.startsWith(cut.heard_text!)).toBe(true);
      expect(cut.heard_text!.length).toBeGreaterThan(0);
      expect(cut.heard_text!.length).toBeLessThan(answer.text.length);
      expect(call.reports).toContain("clear");
      const [entry] = call.record.ledger!.barge_ins;
      expect(entry!.quiet_ms).toBeLessThan(250);
      expect(entry!.confirmed_ms).toBeLessThan(400);
      const truncated = line.sim.connections[0]!.received.findLast(
        ({ type }) => type === "conversation.item.truncate",
      );
      const heard_ms = truncated && "audio_end_ms" in truncated ? truncated.audio_end_ms : 0;
      expect(heard_ms).toBeGreaterThan(900);
      expect(heard_ms).toBeLessThan(1_600);
      expect(line.sim.connections[0]!.errors).toEqual([]);
      expect(line.logs.map(({ message }) => message).join("\n")).toMatch(
        /\[BARGE-IN\] user speech detected rms=\d+ t=\d+ cancelling response/,
      );
      await call.hears(ended_at);
    });
  });

  it("works while the carrier plays what was left after the response was done", async () => {
    const sim = { latency: { speed: 50 } };
    await withCall({ options: { sim } }, async (call) => {
      await greeted(call);
      await listening(call);
      const { started_at, ended_at } = await call.mouth.say(interruption.audio);
      const after = call.stream.playback.audibleFrames(started_at, ended_at);
      expect(Math.max(...after) + 20 - started_at).toBeLessThan(250);
    });
  });

  it("late audio of the cancelled response is not played", async () => {
    const sim = { latency: { speed: 1.2 } };
    const faults_at: Fault[][] = [[{ kind: "late_audio", chunks: 5 }]];
    await withCall({ options: { sim }, faults_at }, async (call) => {
      await greeted(call);
      await listening(call);
      const { started_at, ended_at } = await call.mouth.say(interruption.audio);
      const after = call.stream.playback.audibleFrames(started_at + 250, ended_at + 200);
      expect(after).toEqual([]);
    });
  });

  it("the greeting too, and the model is told what was heard of it", async () => {
    await withCall(
      { brief: { greeting: answer.text, greeting_audio: answer.audio } },
      async (call, line) => {
        await call.hears(call.stream.started_at);
        await pause(1_500);
        await call.mouth.say(interruption.audio);
        await call.until(() => order(call).startsWith("ac"));
        const heard = call.record.turns.get(1)!;
        expect(heard.interrupted).toBe(true);
        const known = line.sim.connections[0]!.conversation.understood()[0];
        expect(known).toMatchObject({ role: "assistant", text: heard.heard_text });
      },
    );
  });

  it("switched off: the agent speaks to the end and then answers", async () => {
    await withCall({ brief: { barge_in: false } }, async (call) => {
      await greeted(call);
      await listening(call);
      await call.mouth.say(interruption.audio);
      await call.until(() => order(call) === "acaca", 12_000);
      expect([...call.record.turns.values()].some(({ interrupted }) => interrupted)).toBe(false);
    });
  });

  it("the model's ears are a second way in", async () => {
    const vad = { threshold_db: 70, grace_ms: 300, confirm_ms: 120 };
    await withCall({ brief: { vad } }, async (call) => {
      await greeted(call);
      await listening(call);
      const { started_at, ended_at } = await call.mouth.say(interruption.audio);
      const after = call.stream.playback.audibleFrames(started_at, ended_at);
      expect(Math.max(...after) + 20 - started_at).toBeLessThan(400);
    });
  });
});

/** The long answer must be heard to its end, every sample of it. */
async function heardWhole(call: PhoneCall): Promise<void> {
  await call.until(() => texts(call).includes(answer.text));
  await call.until(
    () => call.stream.playback.buffered_ms === 0 && call.record.speaking.at(-1)?.who !== "agent",
  );
  await pause(300);
  expect([...call.record.turns.values()].some(({ interrupted }) => interrupted)).toBe(false);
  const sound = Buffer.concat(call.stream.playback.played.map(({ audio }) => audio));
  expect(sound.includes(answer.audio.subarray(0, 24_000))).toBe(true);
}

describe.concurrent("what does not silence the agent", () => {
  it("coughs: a short dip at most, then on at the exact sample", async () => {
    await withCall({}, async (call) => {
      await greeted(call);
      await listening(call);
      for (let i = 0; i < 3; i++) {
        await call.mouth.say(sounds.cough);
        await pause(600);
      }
      await heardWhole(call);
    });
  });

  it("comfort noise, also a loud one", async () => {
    await withCall({}, async (call) => {
      call.mouth.background(sounds.comfort_noise, 12);
      await greeted(call);
      await listening(call);
      await heardWhole(call);
    });
  });

  it("somebody talking in the room, 10 dB softer than the caller", async () => {
    await withCall({}, async (call) => {
      await greeted(call);
      const { ended_at } = await call.mouth.say(question.audio);
      await call.hears(ended_at);
      call.mouth.background(phrase("background_talk").audio, -10);
      await heardWhole(call);
    });
  });

  it("its own echo", async () => {
    await withCall({ echo: { delay_ms: 180, gain_db: -14 } }, async (call) => {
      await greeted(call);
      expect(call.record.ledger!.barge_ins).toEqual([]);
      await listening(call);
      await heardWhole(call);
    });
  });
});
