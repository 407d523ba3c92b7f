import { describe, expect, it } from "vitest";
import { phrase, phrases } from "../../../../../lab/speech/library.ts";
import { gain, join, mix, silence } from "../../../../../lab/speech/mix.ts";
import { decodeMulaw, encodeMulaw } from "../../../../../lab/speech/mulaw.ts";
import { comfortNoise, cough } from "../../../../../lab/speech/noise.ts";
import { BargeIn } from "./barge-in.ts";
import { CallerSpeech } from "./caller-speech.ts";
import { frame_bytes, frame_ms, meanSquare, toDb } from "./mulaw.ts";
import { VoiceActivity } from "./voice-activity.ts";

const said = (id: string) => decodeMulaw(phrase(id).audio);
const callers = [...phrases.values()].filter(({ role }) => role === "caller").map(({ id }) => id);

/** Twelve seconds of the agent. */
const talk = join(
  said("agent_hours"),
  silence(200),
  said("agent_which_time"),
  silence(200),
  said("agent_hours"),
);

interface Scene {
  ms: number;
  /** When the agent begins to talk; absent: it never does. */
  agent_at?: number;
  /** What is on the caller's line, besides comfort noise. */
  line?: { at: number; sound: Int16Array }[];
  noise_db?: number;
}

interface Outcome {
  interrupts: { at: number; confirmed_ms: number }[];
  /** How long the agent was held back without an interruption. */
  holds: number[];
  vad: VoiceActivity;
}

/** Runs a line through the ears of a call, frame by frame. The agent talks on regardless. */
function listen({ ms, agent_at = Infinity, line = [], noise_db = 0 }: Scene): Outcome {
  let inbound: Int16Array = gain(comfortNoise(ms), noise_db);
  for (const { at, sound } of line) inbound = mix(inbound, sound, at * 8);
  const heard = encodeMulaw(inbound);
  const agent = encodeMulaw(talk);
  const vad = new VoiceActivity(12);
  const speech = new CallerSpeech();
  const barge_in = new BargeIn({ enabled: true, grace_ms: 300, confirm_ms: 120 });
  const outcome: Outcome = { interrupts: [], holds: [], vad };
  let frozen_at = 0;
  for (let now = 0; now < ms; now += frame_ms) {
    const at = (now - agent_at) * 8;
    const talking = at >= 0 && at + frame_bytes <= agent.length;
    const outbound = talking ? toDb(meanSquare(agent, at, frame_bytes)) : null;
    vad.frame(heard.subarray(now * 8), frame_bytes, outbound);
    speech.frame(vad, now);
    if (!talking && speech.speaking) vad.learnCaller();
    const action = barge_in.frame(vad, talking ? agent_at : null, now);
    if (action === "freeze") frozen_at = now;
    else if (action === "resume") outcome.holds.push(now - frozen_at);
    else if (action === "interrupt") {
      outcome.interrupts.push({ at: now, confirmed_ms: now - barge_in.onset_at });
    }
  }
  return outcome;
}

/** When a recording is first as loud as speech. */
function onset(sound: Int16Array): number {
  const bytes = encodeMulaw(sound);
  for (let at = 0; at < bytes.length; at += frame_bytes) {
    if (toDb(meanSquare(bytes, at, frame_bytes)) > -45) return at / 8;
  }
  return 0;
}

describe("the agent is not silenced by", () => {
  it.each([0, 6, 13])("comfort noise, %i dB louder than usual", (noise_db) => {
    const { interrupts, holds } = listen({ ms: 13_000, agent_at: 100, noise_db });
    expect(interrupts).toEqual([]);
    expect(holds).toEqual([]);
  });

  it("coughs, single and in fits", () => {
    const fit = join(cough(1), cough(2), cough(4));
    const line = [1_000, 2_500, 4_000, 5_500, 7_000, 8_500].map((at, i) => ({
      at,
      sound: i % 2 === 0 ? cough(i + 1) : fit,
    }));
    const { interrupts, holds } = listen({ ms: 13_000, agent_at: 100, line });
    expect(interrupts).toEqual([]);
    expect(holds.length).toBeGreaterThan(0);
    expect(Math.max(...holds)).toBeLessThanOrEqual(360);
  });

  it.each(callers)("somebody behind, 10 dB under a caller who said %s", (id) => {
    const behind = gain(join(said("background_talk"), said("background_talk")), -10);
    for (const shift of [0, 170, 410]) {
      const line = [
        { at: 600, sound: said(id) },
        { at: 4_000 + shift, sound: behind },
      ];
      const { interrupts, holds } = listen({ ms: 13_000, agent_at: 4_000, line });
      expect(interrupts).toEqual([]);
      expect(Math.max(0, ...holds)).toBeLessThanOrEqual(200);
    }
  });

  it("somebody behind from the first moment, before the caller has spoken", () => {
    const behind = gain(join(said("background_talk"), said("background_talk")), -10);
    const { interrupts } = listen({ ms: 9_000, agent_at: 100, line: [{ at: 0, sound: behind }] });
    expect(interrupts).toEqual([]);
  });

  it.each([
    [60, -10],
    [120, -15],
    [200, -20],
    [300, -12],
    [400, -25],
    [500, -18],
  ])("its own echo, %i ms late at %i dB", (delay, db) => {
    const line = [{ at: 100 + delay, sound: gain(talk, db) }];
    const { interrupts } = listen({ ms: 13_000, agent_at: 100, line });
    expect(interrupts).toEqual([]);
  });
});

describe("the caller interrupts", () => {
  it.each([0, -12, 6])("in any sentence after any other, %i dB, within 400 ms", (db) => {
    for (const [i, first] of callers.entries()) {
      const second = callers[(i * 5 + 3) % callers.length]!;
      const sound = gain(said(second), db);
      const line = [
        { at: 600, sound: gain(said(first), db) },
        { at: 7_000, sound },
      ];
      const { interrupts } = listen({ ms: 10_000, agent_at: 5_000, line });
      expect(interrupts.length, `${first} ${second}`).toBeGreaterThan(0);
      const after = interrupts[0]!.at + frame_ms - 7_000 - onset(sound);
      expect(after, `${first} ${second}`).toBeGreaterThan(0);
      expect(after, `${first} ${second}`).toBeLessThanOrEqual(400);
    }
  });

  it.each([0, -6, -12, -18])("a greeting, never heard before, %i dB", (db) => {
    const sound = gain(said("interrupt"), db);
    const { interrupts } = listen({ ms: 5_000, agent_at: 100, line: [{ at: 2_000, sound }] });
    expect(interrupts[0]!.at - 2_000 - onset(sound)).toBeLessThanOrEqual(400);
  });

  it.each([
    [120, -15],
    [200, -20],
  ])("over the agent's echo, %i ms late at %i dB", (delay, db) => {
    const line = [
      { at: 100 + delay, sound: gain(talk, db) },
      { at: 5_000, sound: said("interrupt") },
    ];
    const { interrupts } = listen({ ms: 7_000, agent_at: 100, line });
    expect(interrupts[0]!.at).toBeGreaterThan(5_000);
    expect(interrupts[0]!.at).toBeLessThan(5_500);
  });
});

describe("the line is measured", () => {
  it("within 300 ms, on any line", () => {
    for (const noise_db of [-10, 0, 15]) {
      const { vad } = listen({ ms: 400, noise_db });
      expect(vad.calibrated).toBe(true);
      expect(vad.noise_floor_db).toBeCloseTo(-58 + noise_db, -1);
      expect(vad.speech_threshold_db).toBe(Math.max(-50, vad.noise_floor_db + 12));
    }
  });

  it("slowly up, quickly down", () => {
    const loud = { at: 3_000, sound: gain(comfortNoise(4_000, 9), 20) };
    expect(listen({ ms: 4_000, line: [loud] }).vad.noise_floor_db).toBeLessThan(-54);
    expect(listen({ ms: 12_000, line: [loud] }).vad.noise_floor_db).toBeLessThan(-56);
    const rising = { at: 3_000, sound: gain(comfortNoise(15_000, 9), 20) };
    expect(listen({ ms: 18_000, line: [rising] }).vad.noise_floor_db).toBeGreaterThan(-45);
  });

  it("the caller's level is learnt from the caller", () => {
    const at = (db: number) =>
      listen({ ms: 4_000, line: [{ at: 600, sound: gain(said("ask_tomorrow"), db) }] }).vad
        .caller_db!;
    expect(at(0)).toBeGreaterThan(-26);
    expect(at(0) - at(-12)).toBeCloseTo(12, -1);
    expect(listen({ ms: 4_000 }).vad.caller_db).toBeNull();
  });

  it("tells the caller from what is behind and from nothing", () => {
    const caller = { at: 600, sound: said("ask_tomorrow") };
    const behind = { at: 5_000, sound: gain(said("background_talk"), -10) };
    expect(listen({ ms: 2_000, line: [caller] }).vad.evidence()).toBe("speech");
    expect(listen({ ms: 4_900, line: [caller] }).vad.evidence()).toBe("silence");
    expect(listen({ ms: 6_500, line: [caller, behind] }).vad.evidence()).toBe("not_the_caller");
  });
});
