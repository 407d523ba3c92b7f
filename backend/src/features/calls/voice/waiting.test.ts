import { beforeEach, expect, it } from "vitest";
import type { DeadlineName } from "./waiting.ts";
import { Deadlines } from "./deadlines.ts";
import { default_limits } from "./limits.ts";
import { Waiting } from "./waiting.ts";

let happened: string[];
let may_recover: boolean;
let deadlines: Deadlines<DeadlineName>;
let waiting: Waiting;

beforeEach(() => {
  happened = [];
  may_recover = true;
  deadlines = new Deadlines();
  waiting = new Waiting(deadlines, default_limits, {
    filler: () => happened.push("filler") > 0,
    recover: (kind) => may_recover && happened.push(`recover ${kind}`) > 0,
    giveUp: () => happened.push("give up"),
  });
});

/** Runs to `to` in steps; tells what happened when. */
function run(from: number, to: number): Record<number, string> {
  const when: Record<number, string> = {};
  for (let now = from; now <= to; now += 20) {
    const before = happened.length;
    deadlines.check(now);
    if (happened.length > before) when[now] = happened.slice(before).join(",");
  }
  return when;
}

it("an answer: filler after 2 s and again, another session after 6 s, then the end", () => {
  waiting.begin("answer", 0);
  expect(run(0, 6_000)).toEqual({ 2_000: "filler", 6_000: "recover answer,filler" });
  waiting.recovering(6_100, false);
  expect(run(6_100, 9_100)).toMatchObject({ 9_100: "give up" });
});

it("a greeting: filler after 1.3 s, another session after 3 s", () => {
  waiting.begin("greeting", 0);
  expect(run(0, 3_000)).toEqual({ 1_300: "filler", 3_000: "recover greeting" });
});

it("a sentence that breaks off: filler after 1.2 s, another session after 3 s", () => {
  waiting.begin("stall", 0);
  expect(run(0, 3_000)).toEqual({ 1_200: "filler", 3_000: "recover stall" });
});

it("a tool: filler after 1.2 s, and no other session while it runs", () => {
  waiting.begin("answer", 0);
  waiting.hold(500);
  expect(run(500, 12_000)).toEqual({ 1_700: "filler", 5_700: "filler", 9_700: "filler" });
  waiting.again(12_000);
  expect(run(12_020, 18_000)).toEqual({
    13_200: "filler",
    17_200: "filler",
    18_000: "recover answer",
  });
  expect(waiting.since).toBe(0);
});

it("a quick tool does not put off the filler, and a filler is not doubled", () => {
  waiting.begin("answer", 0);
  waiting.hold(700);
  waiting.again(1_800);
  expect(run(1_800, 2_600)).toEqual({ 2_000: "filler" });
  waiting.hold(2_600);
  expect(run(2_600, 5_000)).toEqual({ 3_800: "filler" });
  waiting.again(5_000);
  expect(run(5_000, 8_000)).toEqual({ 7_000: "filler" });
});

it("waits on when it is not the moment for another session", () => {
  may_recover = false;
  waiting.begin("answer", 0);
  run(0, 7_500);
  may_recover = true;
  expect(run(7_520, 8_000)).toEqual({ 8_000: "recover answer" });
});

it("ends with the answer", () => {
  waiting.begin("answer", 0);
  waiting.end();
  expect(run(0, 20_000)).toEqual({});
  expect(waiting.kind).toBeNull();
});

it("an answer that is owed keeps its beginning; another wait gives way to it", () => {
  waiting.begin("prompt", 0);
  waiting.begin("answer", 700);
  waiting.begin("stall", 900);
  expect(waiting).toMatchObject({ kind: "answer", since: 700 });
});
