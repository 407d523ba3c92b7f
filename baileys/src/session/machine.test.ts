import { expect, test } from "vitest";
import { explainClose } from "./close.ts";
import { AT_REST, BACKOFF_MS, QUARANTINE_MS, step, STRIKES } from "./machine.ts";
import type { Condition, SessionEvent } from "./machine.ts";

const boom = (statusCode: number | undefined, message = "Connection Failure") =>
  Object.assign(new Error(message), statusCode === undefined ? {} : { output: { statusCode } });

function closed(code: number | undefined, message?: string, more: object = {}): SessionEvent {
  const close = explainClose(boom(code, message));
  return { type: "closed", close, paired: true, jitter: 0, ...more };
}

/** Runs events from rest; gives the last step. */
function run(...events: SessionEvent[]) {
  let now: Condition = AT_REST;
  let last = step(now, { type: "start" });
  for (const event of events) {
    now = last.next;
    last = step(now, event);
  }
  return { ...last.next, effects: last.effects };
}

const open: SessionEvent = { type: "open" };
const due: SessionEvent = { type: "retry_due" };
const stable: SessionEvent = { type: "stable" };
const lost = closed(428);

test.each([
  [515, "stream errored", "restart_required"],
  [401, "Connection Failure", "logged_out"],
  [402, "Connection Failure", "forbidden"],
  [403, "Connection Failure", "forbidden"],
  [406, "Connection Failure", "forbidden"],
  [405, "Connection Failure", "outdated"],
  [408, "Connection was lost", "lost"],
  [408, "WebSocket Error (getaddrinfo ENOTFOUND web.whatsapp.com)", "dns"],
  [408, "WebSocket Error (connect ECONNREFUSED 127.0.0.1:1)", "refused"],
  [408, "QR refs attempts ended", "qr_expired"],
  [409, "Connection Failure", "unavailable"],
  [411, "Multi-device beta not joined", "unavailable"],
  [428, "Connection Terminated by Server", "lost"],
  [440, "Stream Errored (replaced)", "replaced"],
  [500, "Stream Errored (unknown)", "unavailable"],
  [503, "Stream Errored (503)", "unavailable"],
  [undefined, "something else", "lost"],
])("code %s, %s: %s", (code, message, slug) => {
  expect(explainClose(boom(code, message))).toMatchObject({ code: code ?? null, slug });
});

test.each([
  ["logged out", 401, undefined, "logout", "logged_out", ["erase"]],
  ["replaced", 440, undefined, "close", "replaced", []],
  ["forbidden", 403, undefined, "close", "forbidden", []],
  ["QR expired", 408, "QR refs attempts ended", "close", "qr_expired", []],
])("%s: nothing brings it back but a person", (_, code, message, state, reason, effects) => {
  const after = run(open, closed(code, message));
  expect(after).toMatchObject({ state, reason, retry_ms: null, effects });
  expect(step(after, due).effects).toEqual([]);
  expect(step(after, { type: "start" })).toMatchObject({
    next: { state: "connecting", reason: null, attempt: 0 },
    effects: ["connect"],
  });
});

test("a restart that WhatsApp asks for is made at once and is no failure", () => {
  const after = run({ type: "qr", qr: "x" }, closed(515));
  expect(after).toMatchObject({ state: "connecting", attempt: 0, qr: null, effects: ["connect"] });
});

test("a restart that leads to the next one is a failure like any other", () => {
  expect(run(open, closed(515), closed(515))).toMatchObject({ state: "close", retry_ms: 5000 });
  expect(run(open, closed(515), open, closed(515))).toMatchObject({ state: "connecting" });
});

test("5, 15, 30, then 60 seconds", () => {
  const delays = [];
  let after = run(open, stable, lost);
  for (let n = 0; n < 6; n++) {
    delays.push(after.retry_ms);
    expect(after).toMatchObject({ state: "close", reason: null, attempt: n });
    const retrying = step(after, due).next;
    expect(retrying).toMatchObject({ state: "connecting", retry_ms: null });
    after = { ...step(retrying, lost).next, effects: [] };
  }
  expect(delays).toEqual([5000, 15_000, 30_000, 60_000, 60_000, 60_000]);
});

test("a connection that stands a moment does not start the count again; one of minutes does", () => {
  expect(run(open, lost, due, open, lost)).toMatchObject({ attempt: 1, retry_ms: BACKOFF_MS[1] });
  expect(run(open, lost, due, open, stable, lost)).toMatchObject({ attempt: 0, retry_ms: 5000 });
});

test("when many went at once they come back spread out", () => {
  const { retry_ms } = run(open, closed(428, "lost", { jitter: 0.2 }));
  expect(retry_ms).toBe(6000);
});

test("an outdated client tries once more and stops", () => {
  expect(run(closed(405))).toMatchObject({ state: "close", reason: null, retry_ms: 5000 });
  expect(run(closed(405), due, closed(405))).toMatchObject({ reason: "outdated", retry_ms: null });
  expect(run(closed(405), due, lost, due, closed(405)).reason).toBeNull();
});

test("after ten refusals the account is left alone for longer and longer", () => {
  const refused = Array.from({ length: STRIKES }, () => [closed(503), due]).flat();
  expect(run(...refused.slice(0, -3))).toMatchObject({ reason: null, retry_ms: 60_000 });
  const quarantined = run(...refused.slice(0, -1));
  expect(quarantined).toMatchObject({ reason: "quarantined", retry_ms: QUARANTINE_MS[0] });
  expect(run(...refused, closed(503))).toMatchObject({ retry_ms: QUARANTINE_MS[1] });
  expect(run(...refused, open, stable, closed(503))).toMatchObject({ reason: null, strikes: 1 });
  expect(step(quarantined, { type: "start" }).next).toMatchObject({ strikes: 0, attempt: 0 });
});

test("a deaf connection is made again and says so", () => {
  const close = { code: null, slug: "deaf", detail: "Messages were not taken." } as const;
  const after = run(open, { type: "closed", close, paired: true, jitter: 0 });
  expect(after).toMatchObject({ state: "close", reason: "deaf", retry_ms: 5000 });
});

test("while a scan is awaited the code rotates; a pairing code keeps its reason", () => {
  const qr = (payload: string): SessionEvent => ({ type: "qr", qr: payload });
  expect(run(qr("a"), qr("b"))).toMatchObject({ state: "connecting", reason: "qr", qr: "b" });
  expect(run(qr("a"), { type: "pairing_code" }, qr("b"))).toMatchObject({ reason: "pairing_code" });
  expect(run(qr("a"), open)).toMatchObject({ state: "open", reason: null, qr: null });
});

test("an unfinished pairing never looks like a logout", () => {
  const unpaired = { paired: false };
  expect(run(closed(401, "x", unpaired))).toMatchObject({
    state: "close",
    reason: "qr_expired",
    effects: [],
  });
  expect(run(closed(428, "x", unpaired))).toMatchObject({ retry_ms: 5000 });
});

test("a passkey stops the pairing and says so", () => {
  const after = run({ type: "qr", qr: "a" }, { type: "passkey" });
  expect(after).toMatchObject({ reason: "passkey_required", qr: null, effects: ["hang_up"] });
});

test("a person's disconnect erases and is not WhatsApp's logout", () => {
  const after = run(open, { type: "removed" });
  expect(after).toMatchObject({ state: "logout", reason: null, effects: ["hang_up", "erase"] });
});

test("starting what runs changes nothing; starting what waits does not wait longer", () => {
  const start: SessionEvent = { type: "start" };
  expect(run(start).effects).toEqual([]);
  expect(run(open, start)).toMatchObject({ state: "open", effects: [] });
  const again = run(open, stable, lost, due, lost, start);
  expect(again).toMatchObject({ state: "connecting", attempt: 1, effects: ["connect"] });
});

test("a pairing that can't be read is not replaced by a new one", () => {
  const after = run({ type: "unusable", detail: "creds are damaged" });
  expect(after).toMatchObject({
    retry_ms: null,
    detail: "creds are damaged",
    effects: ["hang_up"],
  });
});
