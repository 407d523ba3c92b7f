import { expect, it } from "vitest";
import type { Utterance } from "./utterance.ts";
import { frame_bytes } from "./mulaw.ts";
import { Playback } from "./playback.ts";
import { utterance } from "./utterance.ts";

function setup() {
  const finished: string[] = [];
  const playback = new Playback((spoken) => finished.push(spoken.id));
  const send = (spoken: Utterance, frames: number, now: number, level = -20) => {
    for (let i = 0; i < frames; i++) {
      spoken.received_bytes += frame_bytes;
      playback.frameSent(spoken, level, now);
    }
    return playback.mark();
  };
  return { playback, finished, send };
}

it("is not heard before a mark says so, whatever was sent", () => {
  const { playback, send } = setup();
  const spoken = utterance("a", "answer");
  const first = send(spoken, 1, 100)!;
  send(spoken, 8, 100);
  expect(playback.heard_since).toBeNull();
  expect(playback.playedMs(spoken, 150)).toBe(0);
  playback.returned(first, 160);
  expect(playback.heard_since).toBe(160);
  expect(playback.playedMs(spoken, 160)).toBe(20);
});

it("fills in between marks by the clock, never beyond a mark that is still out", () => {
  const { playback, send } = setup();
  const spoken = utterance("a", "answer");
  const first = send(spoken, 1, 0)!;
  send(spoken, 8, 0);
  send(spoken, 8, 0);
  playback.returned(first, 100);
  expect(playback.playedMs(spoken, 160)).toBe(80);
  expect(playback.playedMs(spoken, 900)).toBe(180);
});

it("falls silent with the last mark", () => {
  const { playback, send, finished } = setup();
  const spoken = utterance("a", "answer");
  const first = send(spoken, 1, 0)!;
  const last = send(spoken, 5, 0)!;
  spoken.complete = true;
  playback.returned(first, 20);
  playback.returned(last, 125);
  expect(playback.heard_since).toBeNull();
  expect(playback.outstanding).toBe(false);
  expect(finished).toEqual(["a"]);
});

it("goes on after a short pause as one who never stopped; a long one, or an interruption, ends it", () => {
  const { playback, send } = setup();
  const spoken = utterance("a", "answer");
  playback.returned(send(spoken, 1, 0)!, 20);
  expect(playback.heard_since).toBeNull();
  const first = send(spoken, 1, 300)!;
  send(spoken, 5, 300);
  playback.returned(first, 320);
  expect(playback.heard_since).toBe(20);
  playback.interrupt();
  const other = send(utterance("b", "answer"), 1, 400)!;
  send(utterance("b", "answer"), 5, 400);
  playback.returned(other, 420);
  expect(playback.heard_since).toBe(420);
});

it("finishes an utterance only when its end is known", () => {
  const { playback, send, finished } = setup();
  const spoken = utterance("a", "answer");
  playback.returned(send(spoken, 3, 0)!, 60);
  expect(finished).toEqual([]);
  spoken.complete = true;
  playback.settle();
  expect(finished).toEqual(["a"]);
});

it("marks brought back by clear count for nothing", () => {
  const { playback, send } = setup();
  const spoken = utterance("a", "answer");
  const first = send(spoken, 1, 0)!;
  const last = send(spoken, 9, 0)!;
  playback.returned(first, 20);
  playback.interrupt();
  playback.returned(last, 90);
  expect(playback.heard_since).toBeNull();
  const next = utterance("b", "answer");
  expect(send(next, 1, 100)).toBe("2:b:20");
  expect(playback.playedMs(next, 100)).toBe(0);
});

it("ignores marks it never sent", () => {
  const { playback, send } = setup();
  send(utterance("a", "answer"), 4, 0);
  playback.returned("1:a:9999", 50);
  playback.returned("", 50);
  expect(playback.heard_since).toBeNull();
});

it("counts an utterance whole that another came between", () => {
  const { playback, send } = setup();
  const [answer, filler] = [utterance("a", "answer"), utterance("f", "filler")];
  playback.returned(send(answer, 2, 0)!, 40);
  playback.returned(send(filler, 3, 100)!, 160);
  playback.returned(send(answer, 2, 200)!, 240);
  expect(playback.playedMs(answer, 240)).toBe(80);
  expect(playback.playedMs(filler, 240)).toBe(60);
});

it("after a pause counts from the new sending, not from the old mark", () => {
  const { playback, send } = setup();
  const spoken = utterance("a", "answer");
  playback.returned(send(spoken, 2, 0)!, 40);
  const first = send(spoken, 1, 5_000)!;
  send(spoken, 20, 5_000);
  playback.returned(first, 5_030);
  expect(playback.playedMs(spoken, 5_070)).toBe(100);
});

it("takes a peer that never returns a mark to play by the clock", () => {
  const { playback, send } = setup();
  const spoken = utterance("a", "answer");
  for (let i = 0; i < 50; i++) send(spoken, 1, 0);
  playback.refresh(400);
  expect(playback.heard_since).toBeNull();
  playback.refresh(520);
  expect(playback.heard_since).toBe(520);
});

it("knows how loud what is heard is", () => {
  const { playback, send } = setup();
  const spoken = utterance("a", "answer");
  const first = send(spoken, 1, 0, -30)!;
  send(spoken, 10, 0, -12);
  expect(playback.heardLevel(10)).toBeNull();
  playback.returned(first, 20);
  expect(playback.heardLevel(45)).toBe(-12);
});
