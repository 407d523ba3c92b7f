import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { GatewaySession } from "@agentlocator/contract";
import { WhatsAppSim } from "../../../lab/sim/whatsapp/index.ts";
import { pair, runGateway } from "../../test/running-gateway.ts";
import type { Running } from "../../test/running-gateway.ts";

const SALON = 1;

let wa: WhatsAppSim;
let phone: ReturnType<WhatsAppSim["phone"]>;
let undo: () => void;
let running: Running;
/** Lines of the log that are from before the test. */
let before = 0;

beforeAll(async () => {
  wa = await new WhatsAppSim().start();
  undo = wa.trusted();
  running = await runGateway({ url: wa.url, timing: { login: 2500, stable: 20 } });
  phone = wa.phone("+972502220001");
  await pair(running, SALON, phone);
  expect(logged()).toEqual([
    line("connecting", "none"),
    line("connecting", "qr"),
    line("connecting", "515:restart_required"),
    line("open", "none"),
  ]);
});

beforeEach(() => {
  before = running.lines.length;
});

afterAll(async () => {
  await running.stop();
  await wa.stop();
  undo();
  expect(wa.violations).toEqual([]);
});

const logged = (): string[] =>
  running.lines
    .slice(before)
    .map(({ msg }) => String(msg))
    .filter((msg) => msg.startsWith("[WA] connection update"));

const line = (state: string, reason: string) =>
  `[WA] connection update: state=${state}, reason=${reason}`;

const until = (fits: (session: GatewaySession) => boolean) => running.until(SALON, fits);
/** Open, and for long enough to count as a new beginning. */
const back = () => until(({ connected, attempt }) => connected && attempt === 0);
const start = () => running.ask("POST", `/sessions/${SALON}`, {});

test.each([
  [{ kind: "failure", reason: 409 }, "close", "409:unavailable"],
  [{ kind: "failure", reason: 500 }, "close", "500:unavailable"],
  [{ kind: "failure", reason: 503 }, "close", "503:unavailable"],
  [{ kind: "stream_error", code: 503 }, "close", "503:unavailable"],
  [{ kind: "stream_error", code: 515 }, "connecting", "515:restart_required"],
  [{ kind: "stream_end" }, "close", "428:lost"],
  [{ kind: "drop" }, "close", "428:lost"],
] as const)("%o: it comes back by itself", async (how, state, reason) => {
  phone.breaks(how);
  await expect.poll(logged).toContain(line(state, reason));
  await back();
  await running.hearing.message(await wa.customer("+972521234567").writes(phone, reason));
});

test.each([
  [{ kind: "failure", reason: 402 }, "402:forbidden", "forbidden"],
  [{ kind: "failure", reason: 403 }, "403:forbidden", "forbidden"],
  [{ kind: "failure", reason: 406 }, "406:forbidden", "forbidden"],
  [{ kind: "replaced" }, "440:replaced", "replaced"],
] as const)("%o: it stays closed until a person starts it", async (how, reason, why) => {
  phone.breaks(how);
  const stopped = await until(({ state }) => state === "close");
  expect(stopped).toMatchObject({ reason: why, nextRetryAt: null, phone: "+972502220001" });
  expect(logged()).toEqual([line("close", reason)]);
  await start();
  await back();
});

test("an outdated client tries twice", async () => {
  phone.logins.next({ kind: "failure", reason: 405 });
  phone.breaks({ kind: "failure", reason: 405 });
  const stopped = await until(({ reason }) => reason === "outdated");
  expect(stopped).toMatchObject({ state: "close", nextRetryAt: null });
  expect(logged().filter((one) => one.includes("405:outdated"))).toHaveLength(2);
  await start();
  await back();
});

test.each([
  [{ kind: "http", status: 503 }, "503:upgrade_rejected"],
  [{ kind: "http", status: 429, keep_open: true }, "429:upgrade_rejected"],
  [{ kind: "reset" }, "408:lost"],
  [{ kind: "no_upgrade" }, "408:lost"],
  [{ kind: "no_hello" }, "408:lost"],
] as const)("%o while connecting: noticed and tried again", async (fault, reason) => {
  wa.connections.next(fault);
  phone.breaks({ kind: "drop" });
  await expect.poll(logged).toContain(line("close", reason));
  await back();
});

test.each(["no_success", "mute"] as const)("a login that hangs: %s", async (kind) => {
  phone.logins.next({ kind });
  phone.breaks({ kind: "drop" });
  await expect.poll(logged).toContain(line("close", "408:lost"));
  await back();
});

test("WhatsApp is away: the failures in a row are counted and told", async () => {
  await wa.goOffline();
  await until(({ attempt }) => attempt >= 2);
  expect(logged()).toContain(line("close", "408:refused"));
  const told = running.hearing.first(
    (event) => event.event === "connection" && event.attempt === 2 && event.state === "close",
  );
  expect(await told).toMatchObject({ business_id: SALON, next_retry_at: expect.any(String) });
  await wa.goOnline();
  await back();
});

test("logged out on the phone: erased, told once, and pairing starts anew", async () => {
  phone.logoutDevice();
  const out = await until(({ state }) => state === "logout");
  expect(out).toMatchObject({ reason: "logged_out", nextRetryAt: null, phone: null });
  expect(logged()).toEqual([line("logout", "401:logged_out")]);
  await pair(running, SALON, phone);
  const told = running.hearing.events.filter(
    (event) => event.event === "connection" && event.state === "logout",
  );
  expect(told).toHaveLength(1);
});

test("a link that is dead without a word is noticed, long before the library does", async () => {
  const other = await runGateway({ url: wa.url, timing: { silence: 2000 } });
  const owner = wa.phone("+972502220002");
  await pair(other, 2, owner);
  owner.breaks({ kind: "half_open" });
  await expect.poll(() => other.lines.map(({ msg }) => msg)).toContain(line("close", "408:lost"));
  await other.until(2, ({ connected }) => connected);
  await other.stop();
});
