import { expect, it } from "vitest";
import type { BargeInAction } from "./barge-in.ts";
import { BargeIn } from "./barge-in.ts";
import { frame_ms } from "./mulaw.ts";

const settings = { enabled: true, grace_ms: 300, confirm_ms: 120 };

const speech = { loud: true, strong: true, voiced: () => true };
const noise = { loud: true, strong: true, voiced: () => false };
const behind = { loud: true, strong: false, voiced: () => true };
const quiet = { loud: false, strong: false, voiced: () => false };

/** Plays one frame a letter; gives what happened, by frame. */
function play(
  barge_in: BargeIn,
  script: string,
  { since = 0 as number | null, from = 1_000 } = {},
): Record<number, BargeInAction> {
  const frames = { s: speech, n: noise, b: behind, ".": quiet };
  const happened: Record<number, BargeInAction> = {};
  [...script].forEach((letter, i) => {
    const frame = frames[letter as keyof typeof frames];
    const action = barge_in.frame(frame, since, from + i * frame_ms);
    if (action) happened[i] = action;
  });
  return happened;
}

it("freezes on the first loud frame and is confirmed by 120 ms of speech", () => {
  const barge_in = new BargeIn(settings);
  expect(play(barge_in, "..ssssss")).toEqual({ 2: "freeze", 7: "interrupt" });
  expect(barge_in.onset_at).toBe(1_040);
});

it("confirms later when the setting says so", () => {
  expect(play(new BargeIn({ ...settings, confirm_ms: 160 }), "ssssssss")).toEqual({
    0: "freeze",
    7: "interrupt",
  });
});

it("goes on after a click, a cough, and a long cough", () => {
  expect(play(new BargeIn(settings), "n.........")).toEqual({ 0: "freeze", 5: "resume" });
  expect(play(new BargeIn(settings), "nnnnnn........")).toEqual({ 0: "freeze", 10: "resume" });
  const long = play(new BargeIn(settings), "nnnnnnnnnnnnnnnnnnnn....................");
  expect(Object.values(long)).not.toContain("interrupt");
});

it("lets somebody behind talk: at most a dip within the lead", () => {
  const happened = play(new BargeIn(settings), "bbbbbbbbbbbbbbbbbbbb");
  expect(happened).toMatchObject({ 0: "freeze", 7: "resume" });
  expect(Object.values(happened)).not.toContain("interrupt");
});

it("adds up speech with gaps between syllables", () => {
  expect(play(new BargeIn(settings), "sss..sss")).toEqual({ 0: "freeze", 7: "interrupt" });
  const resumed = play(new BargeIn(settings), "ss......ssss");
  expect(resumed).toEqual({ 0: "freeze", 6: "resume", 8: "freeze", 11: "interrupt" });
});

it("does nothing in the grace period, and takes what goes on after it", () => {
  const barge_in = new BargeIn(settings);
  expect(play(barge_in, "ssssssssssssssss", { since: 900 })).toEqual({
    10: "freeze",
    15: "interrupt",
  });
});

it("does nothing while the agent is not heard, and remembers nothing of it", () => {
  const barge_in = new BargeIn(settings);
  expect(play(barge_in, "ssssssssss", { since: null })).toEqual({});
  expect(play(barge_in, "sssss", { from: 1_200 })).toEqual({ 0: "freeze" });
  expect(play(barge_in, "....", { since: null, from: 1_300 })).toEqual({});
});

it("forgets old speech when the agent falls silent in between", () => {
  const barge_in = new BargeIn(settings);
  play(barge_in, "sssss........");
  play(barge_in, ".", { since: null, from: 1_260 });
  expect(play(barge_in, "s.......", { from: 1_280 })).toEqual({ 0: "freeze", 5: "resume" });
});

it("switched off it does nothing", () => {
  const barge_in = new BargeIn({ ...settings, enabled: false });
  expect(play(barge_in, "ssssssssss")).toEqual({});
  expect(barge_in.modelSpeechStarted("speech", 0, 2_000)).toBeNull();
});

it("the model's word is enough, unless our ears know better", () => {
  expect(new BargeIn(settings).modelSpeechStarted("speech", 0, 2_000)).toBe("interrupt");
  expect(new BargeIn(settings).modelSpeechStarted("silence", 0, 2_000)).toBe("interrupt");
  expect(new BargeIn(settings).modelSpeechStarted("not_the_caller", 0, 2_000)).toBeNull();
  expect(new BargeIn(settings).modelSpeechStarted("speech", 1_900, 2_000)).toBeNull();
  expect(new BargeIn(settings).modelSpeechStarted("speech", null, 2_000)).toBeNull();
});

it("the model's word confirms speech at once, but not a cough", () => {
  const speaking = new BargeIn(settings);
  play(speaking, "ss");
  expect(speaking.modelSpeechStarted("speech", 0, 1_040)).toBe("interrupt");
  const coughing = new BargeIn(settings);
  play(coughing, "nn");
  expect(coughing.modelSpeechStarted("speech", 0, 1_040)).toBeNull();
});
