import { describe, expect, it } from "vitest";
import type { Brain } from "../../../../../lab/sim/openai/index.ts";
import { phrase, sounds } from "../../../../../lab/speech/library.ts";
import type { PhoneCall } from "../../../../test/telephone.ts";
import { ago, greeted, greeting, order, telephone, withCall } from "../../../../test/telephone.ts";

const question = phrase("opening_hours");
const answer = phrase("agent_hours");
const interruption = phrase("interrupt");

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks for the opening hours; resolves when the long answer has been heard for a second. */
async function listening(call: PhoneCall): Promise<number> {
  const { ended_at } = await call.mouth.say(question.audio);
  const heard_at = await call.hears(ended_at);
  await pause(1_000);
  return heard_at;
}

function texts(call: PhoneCall): string[] {
  return [...call.record.turns.values()].map(({ text }) => text);
}

it("the greeting is on the line within 20 ms of the start", async () => {
  const line = await telephone();
  try {
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) {
      const call = line.call();
      await call.until(() => call.stream.playback.played.length > 0);
      waits.push(call.stream.playback.played[0]!.start - call.stream.started_at);
      expect(call.record.ledger!.greeting_ms).toBeLessThan(20);
    }
    // The first calls of a process run code for the first time, and tests share the machine.
    expect(Math.min(...waits)).toBeLessThan(20);
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
    await withCall({ faults_at: [[{ kind: "late_audio", chunks: 5 }]] }, async (call) => {
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
      expect((await call.hears(ended_at)) - ended_at).toBeLessThan(2_500);
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
    await withCall({ callerSaid }, async (call, line) => {
      await greeted(call);
      await call.mouth.say(question.audio);
      await call.until(() => texts(call).includes(say));
      expect(heard).toEqual([question.text]);
      const notes = line.sim.connections[0]!.conversation.understood();
      expect(notes).toContainEqual(
        expect.objectContaining({ role: "system", text: "no complete slot" }),
      );
    });
  });
});

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
