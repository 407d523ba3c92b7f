import { afterAll, beforeAll, expect, test } from "vitest";
import { WhatsAppSim } from "../../../lab/sim/whatsapp/index.ts";
import { pair, runGateway } from "../../test/running-gateway.ts";
import type { Running } from "../../test/running-gateway.ts";

let wa: WhatsAppSim;
let undo: () => void;
let running: Running;

beforeAll(async () => {
  wa = await new WhatsAppSim({ qr_refs: 1 }).start();
  undo = wa.trusted();
  running = await runGateway({ url: wa.url });
});

afterAll(async () => {
  await running.stop();
  await wa.stop();
  undo();
  expect(wa.violations).toEqual([]);
});

const code = (id: number, phone: string) =>
  running.ask("POST", `/sessions/${id}/pairing-code`, { phone });

test("by a code typed on the phone", async () => {
  const phone = wa.phone("+972501111101");
  const asked = await code(1, "+972501111101");
  expect(asked).toMatchObject({ status: 200, body: { code: expect.stringMatching(/^\w{8}$/) } });
  expect(await running.session(1)).toMatchObject({ state: "connecting", reason: "pairing_code" });
  await phone.enterCode(asked.body.code);
  const open = await running.until(1, ({ connected }) => connected);
  expect(open).toMatchObject({ reason: null, qr: null, phone: "+972501111101" });
  expect(await code(1, "+972501111101")).toMatchObject({
    status: 409,
    body: { type: "urn:agentlocator:already_connected" },
  });
});

test("a code that nobody typed does not stand in the way of the next try", async () => {
  await code(2, "+972501111102");
  // The connection goes while the code is shown; the next one begins from nothing.
  await wa.goOffline();
  await wa.goOnline();
  const { qr } = await running.until(2, ({ reason }) => reason === "qr");
  await wa.phone("+972501111102").scan(qr!);
  await running.until(2, ({ connected }) => connected);
});

test("an account that wants a passkey says so and tries no further", async () => {
  const phone = wa.phone("+972501111103");
  phone.demands_passkey = true;
  await running.ask("POST", "/sessions/3", {});
  const { qr } = await running.until(3, (session) => session.qr !== null);
  await expect(phone.scan(qr!)).rejects.toThrow(/passkey/);
  const stopped = await running.until(3, ({ state }) => state === "close");
  expect(stopped).toMatchObject({ reason: "passkey_required", nextRetryAt: null, qr: null });
});

test("starting again while a scan is awaited changes nothing", async () => {
  await running.ask("POST", "/sessions/4", {});
  const { qr } = await running.until(4, (session) => session.qr !== null);
  const before = wa.attempts;
  expect(await running.ask("POST", "/sessions/4", {})).toMatchObject({
    body: { state: "connecting", qr },
  });
  expect(wa.attempts).toBe(before);
});

test("a person disconnects: unlinked at WhatsApp, nothing is left, pairing starts anew", async () => {
  const phone = wa.phone("+972501111105");
  await pair(running, 5, phone);
  expect(await running.ask("DELETE", "/sessions/5")).toMatchObject({ status: 200 });
  expect(phone.companions.size).toBe(0);
  expect(await running.session(5)).toMatchObject({ state: "logout", reason: null, phone: null });
  await running.hearing.first(
    (event) => event.event === "connection" && event.business_id === 5 && event.state === "logout",
  );
  const told = running.hearing.events.flatMap((event) =>
    event.event === "connection" && event.business_id === 5 ? [event] : [],
  );
  expect(told.filter(({ state }) => state === "logout")).toHaveLength(1);
  expect(told.some(({ reason }) => reason === "logged_out")).toBe(false);
  await pair(running, 5, phone);
});
