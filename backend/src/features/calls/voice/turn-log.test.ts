import { beforeEach, expect, it } from "vitest";
import type { Turn } from "./ports.ts";
import { TurnLog } from "./turn-log.ts";

let told: Map<number, Turn>;
let log: TurnLog;
const at = new Date("2026-01-01T10:00:00Z");

beforeEach(() => {
  told = new Map();
  log = new TurnLog((turn) => told.set(turn.seq, turn));
});

const said = () => [...told.keys()].toSorted().map((seq) => told.get(seq)!.text);

it("keeps the order of the items, not of their transcripts", () => {
  log.begin("u1", "caller", at);
  log.begin("a1", "agent", at);
  log.text("a1", "answer", true);
  log.text("u1", "question", true);
  expect(said()).toEqual(["question", "answer"]);
  expect(told.get(1)).toEqual({
    seq: 1,
    role: "caller",
    text: "question",
    heard_text: null,
    interrupted: false,
    started_at: "2026-01-01T10:00:00.000Z",
  });
});

it("moves what was told when an item belongs before it", () => {
  log.begin("u1", "caller", at);
  log.text("u1", "one", true);
  log.begin("a1", "agent", at);
  log.text("a1", "three", true);
  log.place("u2", "u1");
  log.begin("u2", "caller", at);
  log.text("u2", "two", true);
  expect(said()).toEqual(["one", "two", "three"]);
});

it("does not count notes, tool calls and places without words", () => {
  log.place("system", null);
  log.note("a note");
  log.place("call", "system");
  log.begin("u1", "caller", at);
  log.text("u1", "one", true);
  expect([...told.keys()]).toEqual([1]);
});

it("tells what was heard of an interrupted turn", () => {
  log.begin("a1", "agent", at);
  log.text("a1", "one two three", true);
  log.interrupted("a1", "one");
  expect(told.get(1)).toMatchObject({
    text: "one two three",
    heard_text: "one",
    interrupted: true,
  });
});

it("replays what was said and heard, with the notes where they belong", () => {
  log.begin("greeting", "agent", at);
  log.text("greeting", "hello", true);
  log.begin("u1", "caller", at);
  log.text("u1", "question", true);
  log.note("a tool said so");
  log.begin("a1", "agent", at);
  log.text("a1", "one two", false);
  log.interrupted("a1", "one");
  log.begin("u2", "caller", at);
  expect(log.replay()).toEqual([
    { id: "greeting", role: "assistant", text: "hello" },
    { role: "user", text: "question" },
    { role: "system", text: "a tool said so" },
    { role: "assistant", text: "one" },
  ]);
});

it("says nothing of an agent nobody heard", () => {
  log.begin("a1", "agent", at);
  log.text("a1", "one two", false);
  log.interrupted("a1", "");
  expect(log.replay()).toEqual([]);
});
