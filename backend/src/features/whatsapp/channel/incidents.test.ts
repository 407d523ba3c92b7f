import type { GatewayConnectionEvent, GatewaySession } from "@agentlocator/contract";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createPeople } from "../../../../test/people.ts";
import type { TestPeople } from "../../../../test/people.ts";
import { parseEnv } from "../../../platform/env.ts";
import { notificationRoutes } from "../../notifications/index.ts";
import { createChannel, GatewayUnreachable } from "./index.ts";
import type { GatewayClient } from "./index.ts";

const SENTENCE = "חיבור הוואטסאפ של העסק נותק. התחבר מחדש מלשונית הוואטסאפ.";
const env = parseEnv({ DATABASE_URL: "postgres://x", APP_SECRET: "x".repeat(32) });

let people: TestPeople;
let channel: ReturnType<typeof createChannel>;
/** What the gateway says when it is asked; null: it does not answer. */
let sessions: GatewaySession[] | null;
let onAsk: () => Promise<void>;

const gateway = {
  async sessions() {
    const answer = sessions;
    await onAsk();
    if (!answer) throw new GatewayUnreachable("nobody there");
    return answer;
  },
  async session(id: number) {
    if (!sessions) throw new GatewayUnreachable("nobody there");
    return sessions.find(({ businessId }) => businessId === id) ?? null;
  },
  async remove() {
    await onAsk();
  },
} as unknown as GatewayClient;

/** As after a restart of the backend: nothing is remembered but what is in the database. */
const restart = (parts: { db: TestPeople["db"]; log: TestPeople["log"]; clock: object }) =>
  (channel = createChannel({ ...(parts as TestPeople), env, gateway }));

beforeAll(async () => {
  people = await createPeople({
    routes: (parts) => [...notificationRoutes(), ...restart(parts).routes],
  });
});
afterAll(() => people.close());
beforeEach(() => {
  sessions = [];
  onAsk = async () => undefined;
});

const SECONDS = 1000;
const at = (ms = 0) => new Date(people.clock.now() + ms).toISOString();

type Told = Partial<GatewayConnectionEvent>;
const report = (business_id: number, told: Told): GatewayConnectionEvent => ({
  ...{ event: "connection", business_id, state: "close", reason: null, phone: null },
  ...{ since: at(), last_seen: null, attempt: 0, next_retry_at: null, detail: null },
  ...told,
});
const tell = (business_id: number, told: Told) =>
  people.db.inBusiness(business_id, (tx) => channel.applyConnection(tx, report(business_id, told)));
/** A second later, so that each report is of a state of its own. */
async function then(business_id: number, told: Told): Promise<void> {
  people.clock.advance(SECONDS);
  await tell(business_id, told);
}
const retry = (attempt: number): Told => ({ attempt, next_retry_at: at(60 * SECONDS) });
const open: Told = { state: "open", phone: "+972501234567" };

/** How the gateway shows the session when it is asked. */
function shows(business_id: number, told: Told): void {
  const { reason, state, phone, since, last_seen, attempt, next_retry_at, detail } = report(
    business_id,
    told,
  );
  const others = (sessions ?? []).filter(({ businessId }) => businessId !== business_id);
  const connected = state === "open";
  const times = { lastSeen: last_seen, nextRetryAt: next_retry_at };
  const session = { businessId: business_id, state, reason, phone, since, attempt, detail };
  sessions = [...others, { ...session, ...times, connected, qr: null }];
}
/** The job that asks the gateway every few seconds, when it is due again. */
async function poll(after_ms = 15 * SECONDS): Promise<void> {
  people.clock.advance(after_ms);
  await channel.jobs["whatsapp.reconcile"]!({ business_id: 0 }, undefined as never);
}

const bells = (business_id: number) =>
  people.db.inBusiness(business_id, ({ trx }) => trx("notifications").orderBy("id"));
const incidents = (business_id: number) =>
  people.db.inBusiness(business_id, ({ trx }) => trx("whatsapp_incidents").orderBy("id"));
const stored = (business_id: number) =>
  people.db.inBusiness(business_id, ({ trx }) => trx("whatsapp_channels").first());

/** A business whose WhatsApp stands. */
async function paired(given: Record<string, unknown> = {}) {
  const business = await people.business(given);
  await then(business.id, { state: "connecting", reason: "qr" });
  await then(business.id, open);
  shows(business.id, open);
  return business;
}

test("a logout from the phone rings once, and is over when the connection stands again", async () => {
  const { id, owner } = await paired();
  await then(id, { state: "logout", reason: "logged_out" });
  await then(id, { state: "logout", reason: "logged_out" });
  const { items } = (await owner.get("/api/notifications")).body;
  expect(items).toMatchObject([
    { kind: "whatsapp_disconnected", title: SENTENCE, link: "/app/whatsapp", resolved_at: null },
  ]);
  expect((await owner.get("/api/whatsapp/incidents")).body.items).toMatchObject([
    { reason: "logged_out", closed_at: null, duration_seconds: null },
  ]);

  // Pairing again, and not in time at the first try, is the same disconnect.
  await then(id, { state: "connecting", reason: "qr" });
  await then(id, { state: "close", reason: "qr_expired" });
  await then(id, { state: "connecting", reason: "qr" });
  people.clock.advance(595 * SECONDS);
  await then(id, open);
  expect(await bells(id)).toMatchObject([{ resolved_at: expect.any(String) }]);
  const [incident] = (await owner.get("/api/whatsapp/incidents")).body.items;
  expect(incident).toMatchObject({ reason: "logged_out", closed_at: expect.any(String) });
  expect(Math.abs(incident.duration_seconds - 600)).toBeLessThan(5);

  await then(id, { state: "logout", reason: "logged_out" });
  expect(await bells(id)).toHaveLength(2);
});

test("an English business is told in English", async () => {
  const { id, owner } = await paired();
  await owner.patch("/api/settings", { language: "en" });
  await then(id, { reason: "replaced" });
  const [bell] = await bells(id);
  expect(bell.title).toMatch(/^The business's WhatsApp was disconnected\./);
});

test.each(["replaced", "forbidden", "outdated", "passkey_required", "quarantined"] as const)(
  "a stop for a person (%s) rings",
  async (reason) => {
    const { id } = await paired();
    await then(id, { reason, next_retry_at: at(60 * SECONDS) });
    expect(await bells(id)).toEqual([]);
    await then(id, { reason });
    expect(await bells(id)).toHaveLength(1);
  },
);

test("the fifth failed reconnect rings, whatever restarts meanwhile", async () => {
  const { id } = await paired();
  await then(id, retry(0));
  for (const attempt of [1, 2, 3, 4]) {
    await then(id, { state: "connecting", attempt: attempt - 1 });
    await then(id, retry(attempt));
  }
  expect(await bells(id)).toEqual([]);
  restart(people);
  await then(id, retry(5));
  expect(await bells(id)).toHaveLength(1);
  restart(people);
  for (const attempt of [6, 7, 8, 20]) await then(id, retry(attempt));
  await poll();
  expect(await bells(id)).toHaveLength(1);
  await then(id, { ...open, attempt: 20 });
  expect(await incidents(id)).toMatchObject([{ closed_at: expect.any(String) }]);
});

test("a connection that stands for a moment and goes again does not ring at each turn", async () => {
  const { id } = await paired();
  await then(id, retry(5));
  // The gateway counts on until it has stood for minutes.
  for (const attempt of [6, 7, 8]) {
    await then(id, { ...open, attempt });
    await then(id, retry(attempt));
  }
  expect(await bells(id)).toHaveLength(1);
  // Down for good now: five in a row once more.
  for (const attempt of [9, 10, 11, 12]) await then(id, retry(attempt));
  expect(await bells(id)).toHaveLength(1);
  await then(id, retry(13));
  expect(await bells(id)).toHaveLength(2);
  await then(id, open);
  await then(id, retry(1));
  await then(id, retry(5));
  expect(await bells(id)).toHaveLength(3);
});

test("neither a restart that was required nor a flap rings", async () => {
  const { id } = await paired();
  await then(id, { state: "connecting", detail: "515" });
  await then(id, open);
  for (const attempt of [0, 1, 2]) await then(id, retry(attempt));
  await then(id, open);
  expect(await bells(id)).toEqual([]);
  expect(await incidents(id)).toEqual([]);
});

test("a business that was never paired has nothing to lose", async () => {
  const { id } = await people.business();
  await then(id, { state: "connecting", reason: "qr" });
  await then(id, { reason: "qr_expired" });
  await then(id, { state: "logout", reason: "logged_out" });
  await then(id, retry(7));
  sessions = null;
  for (let n = 0; n < 15; n++) await poll(60 * SECONDS);
  expect(await bells(id)).toEqual([]);
});

test("reports that come late or twice do not overwrite newer ones", async () => {
  const { id, owner } = await paired();
  const late = report(id, retry(5));
  const last = report(id, { state: "logout", reason: "logged_out", since: at(SECONDS) });
  people.clock.advance(5 * SECONDS);
  const now = report(id, open);
  const give = (event: GatewayConnectionEvent) => tell(id, event);
  for (const event of [now, last, late, now, last]) await give(event);
  expect(await bells(id)).toEqual([]);
  shows(id, now);
  expect((await owner.get("/api/whatsapp/status")).body.baileys.state).toBe("open");
  expect(await stored(id)).toMatchObject({ state: "open", since: now.since });
});

test("a logout that is told of before the connection it ended rings as well", async () => {
  const { id } = await people.business();
  const logout: Told = { state: "logout", reason: "logged_out", since: at(SECONDS) };
  await tell(id, logout);
  expect(await bells(id)).toEqual([]);
  await tell(id, open);
  expect(await bells(id)).toHaveLength(1);
  expect(await stored(id)).toMatchObject({ state: "logout" });
  await tell(id, logout);
  expect(await bells(id)).toHaveLength(1);
});

test("reports of one disconnect at the same time ring once", async () => {
  const { id } = await paired();
  people.clock.advance(SECONDS);
  const told = [
    report(id, { state: "logout", reason: "logged_out" }),
    report(id, { state: "logout", reason: "logged_out", since: at(1) }),
    report(id, retry(5)),
  ];
  await Promise.all([...told, ...told].map((event) => tell(id, event)));
  expect(await bells(id)).toHaveLength(1);
  expect(await incidents(id)).toHaveLength(1);
});

test("a disconnect that was asked for rings no bell and ends an incident", async () => {
  const { id, owner } = await paired();
  const stood = { ...open, since: at() };
  onAsk = async () => {
    await then(id, { state: "logout" });
    sessions = [];
  };
  const left = await owner.post("/api/whatsapp/disconnect", {});
  expect(left.body.baileys).toMatchObject({ state: "logout", reason: null, connected: false });
  await then(id, { state: "logout", reason: "logged_out" });
  await tell(id, stood);
  expect(await bells(id)).toEqual([]);

  await then(id, open);
  await then(id, { reason: "replaced" });
  expect(await bells(id)).toHaveLength(1);
  expect((await owner.post("/api/whatsapp/disconnect", {})).status).toBe(200);
  expect(await incidents(id)).toMatchObject([{ closed_at: expect.any(String) }]);
});

test("a disconnect that the gateway did not take changes nothing", async () => {
  const { id, owner } = await paired();
  onAsk = async () => {
    throw new GatewayUnreachable("nobody there");
  };
  expect((await owner.post("/api/whatsapp/disconnect", {})).status).toBe(503);
  await then(id, { state: "logout", reason: "logged_out" });
  expect(await bells(id)).toHaveLength(1);
});

test("a gateway that is gone is noticed, and rings after the time of five reconnects", async () => {
  const { id, owner } = await paired();
  sessions = null;
  await poll();
  const { baileys } = (await owner.get("/api/whatsapp/status")).body;
  expect(baileys).toMatchObject({ connected: false, reason: "unreachable" });
  expect(await people.db.inBusiness(id, channel.providerHealth)).toMatchObject({
    baileys: "down",
  });
  for (let n = 0; n < 11; n++) await poll();
  expect(await bells(id)).toEqual([]);
  restart(people);
  await poll();
  await poll();
  expect(await incidents(id)).toMatchObject([{ reason: "unreachable", closed_at: null }]);
  expect(await bells(id)).toHaveLength(1);

  shows(id, open);
  await poll();
  expect(await incidents(id)).toMatchObject([{ closed_at: expect.any(String) }]);
  expect(await bells(id)).toMatchObject([{ resolved_at: expect.any(String) }]);
  expect(await people.db.inBusiness(id, channel.providerHealth)).toMatchObject({
    baileys: "open",
  });
});

test("time in which nobody watched is no time in which it was down", async () => {
  const { id } = await paired();
  sessions = null;
  await poll();
  // The backend itself was away for an hour; the gateway starts a moment after it.
  await poll(3_600 * SECONDS);
  shows(id, { state: "connecting" });
  await poll();
  shows(id, open);
  await poll();
  expect(await bells(id)).toEqual([]);
});

test("a report that was lost is made up for", async () => {
  const { id } = await paired();
  people.clock.advance(SECONDS);
  shows(id, { state: "logout", reason: "logged_out" });
  await poll();
  expect(await bells(id)).toHaveLength(1);
  people.clock.advance(SECONDS);
  shows(id, open);
  await poll();
  expect(await incidents(id)).toMatchObject([{ closed_at: expect.any(String) }]);
});

test("one channel that can't be taken keeps nobody from looking at the others", async () => {
  const [broken, next] = [await paired(), await paired()];
  people.clock.advance(SECONDS);
  shows(broken.id, { since: "not a time" });
  shows(next.id, { state: "logout", reason: "logged_out" });
  await poll();
  expect(await bells(next.id)).toHaveLength(1);
  expect(people.logged).toContainEqual(
    expect.objectContaining({ biz: broken.id, msg: "[WA-ERROR] a channel was not looked at" }),
  );
});

test("what the gateway says now counts, also when its clock was set back", async () => {
  const { id } = await paired();
  const back = { since: at(-3_600 * SECONDS) };
  shows(id, { ...open, ...back });
  await poll();
  expect(await stored(id)).toMatchObject(back);
  await tell(id, { state: "logout", reason: "logged_out", since: at(-3_500 * SECONDS) });
  expect(await bells(id)).toHaveLength(1);
});

test("an answer does not overwrite a report that came while it was on its way", async () => {
  const { id } = await paired();
  people.clock.advance(SECONDS);
  shows(id, retry(5));
  onAsk = async () => then(id, open);
  await poll(0);
  expect(await stored(id)).toMatchObject({ state: "open" });
  expect(await bells(id)).toEqual([]);
});

test("a session that the gateway knows no more, or that gets nowhere, rings in the end", async () => {
  const forgotten = await paired();
  const stuck = await paired();
  sessions = [];
  for (let n = 0; n < 10; n++) {
    shows(stuck.id, { state: "connecting", attempt: 1 });
    await poll(60 * SECONDS);
    expect(await bells(forgotten.id)).toHaveLength(n < 3 ? 0 : 1);
    expect(await bells(stuck.id)).toEqual([]);
  }
  await poll(60 * SECONDS);
  expect(await bells(stuck.id)).toHaveLength(1);
});

test("one business's disconnect is nobody else's", async () => {
  const one = await paired();
  const other = await paired();
  await then(one.id, { state: "logout", reason: "logged_out" });
  expect(await bells(other.id)).toEqual([]);
  expect((await other.owner.get("/api/whatsapp/incidents")).body.items).toEqual([]);
});

test("what changes is logged and told to the console, what stays is not", async () => {
  const { id } = await paired();
  const events = () =>
    people.db.inBusiness(id, ({ trx }) => trx("events").where("name", "whatsapp_status"));
  const before = (await events()).length;
  people.logged.length = 0;
  const lost = { ...retry(0), since: at(SECONDS) };
  await then(id, lost);
  shows(id, lost);
  await poll();
  await tell(id, lost);
  expect(await events()).toHaveLength(before + 1);
  const lines = people.logged.filter(({ biz, level }) => biz === id && level === "info");
  expect(lines.map(({ msg }) => msg)).toEqual(["[WA] connection update: state=close, reason=none"]);
});
