import { beforeEach, expect, it } from "vitest";
import { CallerTurn } from "./caller-turn.ts";

let turn: CallerTurn;

beforeEach(() => {
  turn = new CallerTurn();
});

it("answers what the model heard while the agent was silent", () => {
  turn.modelSpeechStarted(1_000, false);
  expect(turn.committed(2_000, false, null)).toBe(true);
});

it("does not answer somebody who spoke behind the agent", () => {
  turn.modelSpeechStarted(1_000, true);
  expect(turn.committed(2_000, false, 400)).toBe(false);
});

it("answers who spoke over the agent and was heard by our ears, or interrupted", () => {
  turn.modelSpeechStarted(1_000, true);
  expect(turn.committed(2_000, false, 1_400)).toBe(true);
  turn.modelSpeechStarted(3_000, true);
  turn.accept();
  expect(turn.committed(4_000, false, 1_400)).toBe(true);
});

it("answers what a new session hears again while the old answer's rest is still heard", () => {
  turn.replay();
  turn.modelSpeechStarted(3_000, true);
  expect(turn.committed(4_000, false, 1_400)).toBe(true);
  turn.modelSpeechStarted(5_000, true);
  expect(turn.committed(6_000, false, 1_400)).toBe(false);
});

it("answers a turn that was ended by us and by the model once", () => {
  expect(turn.committed(2_000, false, 1_500)).toBe(true);
  expect(turn.committed(2_010, false, 1_500)).toBe(false);
  expect(turn.committed(5_000, false, 4_500)).toBe(true);
});

it("knows where unanswered speech begins until it is settled", () => {
  turn.began(700);
  turn.began(900);
  expect(turn.unanswered_ms).toBe(700);
  turn.settled(true);
  expect(turn.unanswered_ms).toBe(700);
  turn.settled(false);
  expect(turn.unanswered_ms).toBeNull();
  turn.began(-50);
  expect(turn.unanswered_ms).toBe(0);
});
