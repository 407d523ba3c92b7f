import { DateTime } from "luxon";
import { describe, expect, test } from "vitest";
import { agentMustLook, decide, type Facts } from "./decide.ts";

const now = DateTime.fromISO("2026-11-20T12:00:00", { zone: "Asia/Jerusalem" });
const ago = (seconds: number) => now.minus({ seconds }).toJSDate();
const later = (seconds: number) => now.plus({ seconds }).toJSDate();
const message = (text: string | null = "שלום", seconds = 5) => ({
  text,
  created_at: ago(seconds),
  media_pending_since: null as Date | null,
});
const facts = (given: Partial<Facts> = {}): Facts => ({
  now,
  enabled: true,
  closed: false,
  paused_until: null,
  handed_over: false,
  opted_out: false,
  quiet_hours: null,
  unanswered: [message()],
  ...given,
});
const voice = (seconds: number) => ({ ...message(null), media_pending_since: ago(seconds) });

describe("what is done about the messages that nobody has answered", () => {
  test.each<[string, Partial<Facts>, object]>([
    ["there are some", {}, { do: "answer" }],
    ["there are none", { unanswered: [] }, { do: "nothing" }],
    ["the thread is closed", { closed: true }, { do: "leave", because: "closed" }],
    ["the agent is off", { enabled: false }, { do: "leave", because: "disabled" }],
    [
      "a person has taken over",
      { paused_until: later(60) },
      { do: "wait", because: "paused", until: later(60) },
    ],
    ["the pause is over", { paused_until: ago(1) }, { do: "answer" }],
    [
      "the agent itself has handed it over and has to say so",
      { paused_until: later(60), handed_over: true },
      { do: "answer" },
    ],
    [
      "the customer wrote a moment ago",
      { unanswered: [message("א", 9), message("ב", 0.4)] },
      { do: "wait", because: "burst", until: later(0.6) },
    ],
    ["the provider's clock is ahead", { unanswered: [message("א", -30)] }, { do: "answer" }],
    [
      "it is quiet",
      { quiet_hours: { from: "11:00", to: "13:00" } },
      { do: "wait", because: "quiet_hours", until: later(3600) },
    ],
    [
      "a voice note is on its way",
      { unanswered: [message(), voice(59)] },
      { do: "wait", because: "media", until: later(1) },
    ],
    ["a voice note does not come", { unanswered: [voice(61)] }, { do: "answer" }],
    [
      "they are a day old",
      { unanswered: [message("א", 23.1 * 3600)] },
      { do: "leave", because: "too_old" },
    ],
  ])("%s", (_, given, step) => {
    expect(decide(facts(given))).toEqual(step);
  });
});

test.each(["שלום", "הסר", "START", "", null])("who need not look at «%s» leaves it", (text) => {
  const step = decide(facts({ enabled: false, unanswered: [message(text)] }));
  const left = { do: "leave", because: "disabled" };
  if (!agentMustLook({ enabled: false, text })) expect(step).toEqual(left);
  expect(agentMustLook({ enabled: false, text })).toBe(["הסר", "START"].includes(text!));
  expect(agentMustLook({ enabled: true, text })).toBe(true);
});

describe("to be left alone", () => {
  test.each<[string, Partial<Facts>, object]>([
    ["is granted", {}, { do: "opt_out" }],
    ["also when the agent is off", { enabled: false }, { do: "opt_out" }],
    ["also while a person has the thread", { paused_until: later(60) }, { do: "opt_out" }],
    ["also at night", { quiet_hours: { from: "11:00", to: "13:00" } }, { do: "opt_out" }],
    [
      "also when thanks follow",
      { unanswered: [message("הסר"), message("תודה")] },
      { do: "opt_out" },
    ],
    [
      "not when they changed their mind at once",
      { unanswered: [message("STOP"), message("START")] },
      { do: "answer" },
    ],
  ])("%s", (_, given, step) => {
    expect(decide(facts({ unanswered: [message("הסר")], ...given }))).toEqual(step);
  });

  test("holds until a word says otherwise", () => {
    const leave = { do: "leave", because: "opted_out" };
    expect(decide(facts({ opted_out: true }))).toEqual(leave);
    const back = { opted_out: true, unanswered: [message("התחל")] };
    expect(decide(facts(back))).toEqual({ do: "opt_in" });
    expect(decide(facts({ unanswered: [message("התחל")] }))).toEqual({ do: "answer" });
  });
});
