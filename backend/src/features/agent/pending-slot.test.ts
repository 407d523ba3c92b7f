import { DateTime } from "luxon";
import { describe, expect, test } from "vitest";
import { afterCustomerTurn, mayConfirm, readPending } from "./pending-slot.ts";

const zone = "Asia/Jerusalem";
const at = (time: string) => DateTime.fromISO(`2026-11-20T${time}`, { zone });
const now = at("12:10:00");

const complete = {
  starts_at: "2026-11-24T08:00:00.000Z",
  ends_at: "2026-11-24T08:30:00.000Z",
  proposed_at: at("12:00:00").toISO()!,
  expires_at: at("12:15:00").toISO()!,
  title: "תספורת",
  customer_name: "",
  appointment_id: null,
  spoken_since: false,
};
const incomplete = {
  date: "2026-11-24",
  starts_at: null,
  proposed_at: complete.proposed_at,
  expires_at: complete.expires_at,
};
const stored = {
  none: null,
  complete,
  spoken: { ...complete, spoken_since: true },
  incomplete,
  stale: { ...complete, expires_at: at("12:09:00").toISO() },
  begun: { ...complete, starts_at: at("12:10:00").toISO() },
  "incomplete and stale": { ...incomplete, expires_at: at("12:10:00").toISO() },
  "no longer a time": { ...complete, starts_at: "tomorrow" },
  "something else": { foo: 1 },
};
const state = (name: keyof typeof stored) => readPending(stored[name], now.toJSDate());

test.each([
  ["none", "none"],
  ["complete", "complete"],
  ["incomplete", "incomplete"],
  ["stale", "stale"],
  ["begun", "stale"],
  ["incomplete and stale", "stale"],
  ["no longer a time", "broken"],
  ["something else", "broken"],
] as const)("a stored %s is %s", (name, kind) => {
  expect(state(name).kind).toBe(kind);
});

describe("what is done with the customer's words", () => {
  test.each([
    ["complete", "כן, מאשר", "book"],
    ["complete", "כן", "book"],
    ["complete", "כן, שלישי בעשר", "book"],
    ["complete", "בסדר", "spoken"],
    ["complete", "כמה זה עולה?", "spoken"],
    ["complete", "", "nothing"],
    ["complete", "לא", "drop"],
    ["complete", "כן אבל בארבע", "drop"],
    ["complete", "כן, ביום רביעי", "drop"],
    ["spoken", "כן", "nothing"],
    ["spoken", "כן, מאשר", "book"],
    ["spoken", "לא", "drop"],
    ["incomplete", "כן, מאשר", "ask_time"],
    ["incomplete", "כן", "ask_time"],
    ["incomplete", "כן, בעשר", "nothing"],
    ["incomplete", "לא", "drop"],
    ["none", "כן, מאשר", "ask_time"],
    ["none", "כן", "nothing"],
    ["none", "כן, מאשר לשלישי בעשר", "nothing"],
    ["none", "לא", "nothing"],
    ["stale", "כן, מאשר", "ask_again"],
    ["stale", "כן", "ask_again"],
    ["stale", "שלום", "expired"],
    ["begun", "כן", "ask_again"],
    ["incomplete and stale", "מאשר", "ask_again"],
    ["something else", "כן, מאשר", "ask_again"],
    ["something else", "מה השעות שלכם?", "expired"],
  ] as const)("%s, «%s»: %s", (name, text, step) => {
    const turn = { text, began_at: at("12:05:00").toJSDate() };
    expect(afterCustomerTurn(state(name), turn, now).do).toBe(step);
  });

  test("a turn that began before the proposal is no answer to it", () => {
    for (const text of ["כן, מאשר", "לא"]) {
      const turn = { text, began_at: at("11:59:59").toJSDate() };
      expect(afterCustomerTurn(state("complete"), turn, now)).toEqual({ do: "nothing" });
    }
  });
});

describe("whether the model may confirm", () => {
  test.each([
    ["complete", "כן, מאשר", true],
    ["complete", "בסדר", true],
    ["spoken", "כן", true],
    ["complete", "כן, מאשר. מה הכתובת?", true],
    ["complete", "לא", "reject"],
    ["complete", "כן אבל בארבע", "other_time"],
    ["complete", "כמה זה עולה?", "not_yet"],
    ["complete", "אני גר בתל אביב", "unclear"],
    ["none", "כן, מאשר", "no_time"],
    ["incomplete", "כן, מאשר", "no_time"],
    ["stale", "כן, מאשר", "stale"],
    ["something else", "כן, מאשר", "broken"],
  ] as const)("%s, «%s»: %s", (name, text, expected) => {
    const turn = { text, began_at: at("12:05:00").toJSDate() };
    const verdict = mayConfirm(state(name), turn, now);
    expect(verdict.may || verdict.because).toBe(expected);
  });

  test("not before the customer has spoken since the proposal", () => {
    const early = { text: "כן, מאשר", began_at: at("12:00:00").toJSDate() };
    for (const turn of [null, early]) {
      expect(mayConfirm(state("complete"), turn, now)).toEqual({
        may: false,
        because: "not_answered",
      });
    }
  });
});
