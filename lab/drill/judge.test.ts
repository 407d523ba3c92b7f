import { expect, test } from "vitest";
import type { CallReport, MessageReport, Report } from "../appliance/simulators/report.ts";
import type { Books } from "./books.ts";
import { judge } from "./judge.ts";

const times = { row: 1_000, fault: 10_000 };

const call = (sid: string, more: Partial<CallReport> = {}): CallReport => ({
  ...{ sid, placed_at: 2_000, ended_at: 30_000, finished: true, recording_sid: null },
  ...{ longest_silence_ms: 900, noticed: [], ...more },
});
const message = (n: number, ...answered_at: number[]): MessageReport => ({
  ...{ n, id: `M${n}`, written_at: 11_000, answered_at },
});
const report = (more: Partial<Report>): Report => ({
  ...{ calls: [], messages: [], confirmed: [], violations: [], ...more },
});
const row = (call_sid: string, more: Partial<Books["calls"][number]> = {}) => ({
  ...{ call_sid, status: "completed" as const, over: true, recording_sid: null, kept: false },
  ...more,
});
const books = (more: Partial<Books>): Books => ({
  ...{ calls: [], messages: {}, appointments: [], doubled: 0, unsent: 0, given_up: [], ...more },
});

test("nothing happened: nothing was noticed and nothing is lost", () => {
  const people = report({ calls: [call("A")], messages: [message(1, 12_000)] });
  const verdict = judge(people, books({ calls: [row("A")], messages: { M1: 1 } }), times);
  expect(verdict).toEqual({
    callers: "of 1: nothing, longest silence 0.9 s",
    customers: "of 1: nothing, slowest answer 1.0 s",
    lost: [],
    noticed_ms: 0,
  });
});

test("what was noticed counts from the fault to the last of it", () => {
  const noticed = [{ at: 14_500, what: "recorder" as const, ms: 0 }];
  const before = [{ at: 3_000, what: "silence" as const, ms: 4_000 }];
  const calls = [call("A", { noticed }), call("B", { noticed: before })];
  const people = report({ calls, messages: [message(1, 23_000)] });
  const kept = books({ calls: [row("A"), row("B")], messages: { M1: 1 } });
  const verdict = judge(people, kept, times);
  expect(verdict.callers).toContain("1 asked for a message");
  expect(verdict.customers).toBe("of 1: 1 answered late, slowest answer 12.0 s");
  expect(verdict.noticed_ms).toBe(13_000);
  expect(verdict.lost).toEqual([]);
});

test("a message that is missing, stored or answered twice, or never answered is told", () => {
  const messages = [message(1, 12_000), message(2, 12_000, 13_000), message(3)];
  const { lost } = judge(report({ messages }), books({ messages: { M2: 2, M3: 1 } }), times);
  expect(lost).toEqual([
    "message 1 is stored 0 times",
    "message 2 is stored 2 times",
    "message 2 is answered 2 times",
    "message 3 is answered 0 times",
  ]);
});

test("a call that is missing, still open, or without its recording is told", () => {
  const calls = [
    call("A"),
    call("B"),
    call("C", { recording_sid: "RE1" }),
    call("D", { noticed: [{ at: 11_000, what: "refused", ms: 0 }] }),
  ];
  const kept = [row("B", { over: false, status: "active" }), row("C", { recording_sid: "RE1" })];
  expect(judge(report({ calls }), books({ calls: kept }), times).lost).toEqual([
    "call A is not in the books",
    "call B is over, but active in the books",
    "the message left in call C is missing",
  ]);
});

test("a confirmed appointment has to stand, and alone", () => {
  const confirmed = [
    { call_id: "1", output: { ok: true, appointment_id: 7 } },
    { call_id: "2", output: { ok: true, appointment_id: 8 } },
    { call_id: "3", output: { ok: false, reason: "taken" } },
  ];
  const kept = books({ appointments: [7], doubled: 1, unsent: 2, given_up: ["whatsapp.answer"] });
  expect(judge(report({ confirmed }), kept, times).lost).toEqual([
    "appointment 8 was confirmed and is not booked",
    "1 appointments at the same time",
    "2 messages of the agent were not sent",
    "the job whatsapp.answer was given up",
  ]);
});

test("what people did before the row is not its affair", () => {
  const calls = [call("A", { placed_at: 500 })];
  const messages = [{ ...message(1), written_at: 500 }];
  expect(judge(report({ calls, messages }), books({}), times).lost).toEqual([]);
});
