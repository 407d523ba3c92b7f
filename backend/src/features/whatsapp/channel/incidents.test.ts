import type { GatewayConnectionEvent } from "@agentlocator/contract";
import { expect, test } from "vitest";
import { open, SECONDS, useTestChannel } from "../../../../test/channel.ts";
import type { Told } from "../../../../test/channel.ts";
import { GatewayUnreachable } from "./index.ts";

const SENTENCE = "חיבור הוואטסאפ של העסק נותק. התחבר מחדש מלשונית הוואטסאפ.";
const world = useTestChannel();
const {
  at,
  bells,
  clock,
  gateway,
  incidents,
  paired,
  poll,
  report,
  restart,
  retry,
  shows,
  stored,
  tell,
  tellNext,
} = world;

test("a logout from the phone rings once, and is over when the connection stands again", async () => {
  const { id, owner } = await paired();
  await tellNext(id, { state: "logout", reason: "logged_out" });
  await tellNext(id, { state: "logout", reason: "logged_out" });
  const { items } = (await owner.get("/api/notifications")).body;
  expect(items).toMatchObject([
    { kind: "whatsapp_disconnected", title: SENTENCE, link: "/app/whatsapp", resolved_at: null },
  ]);
  expect((await owner.get("/api/whatsapp/incidents")).body.items).toMatchObject([
    { reason: "logged_out", closed_at: null, duration_seconds: null },
  ]);

  // Pairing again, and not in time at the first try, is the same disconnect.
  await tellNext(id, { state: "connecting", reason: "qr" });
  await tellNext(id, { state: "close", reason: "qr_expired" });
  await tellNext(id, { state: "connecting", reason: "qr" });
  clock.advance(595 * SECONDS);
  await tellNext(id, open);
  expect(await bells(id)).toMatchObject([{ resolved_at: expect.any(String) }]);
  const [incident] = (await owner.get("/api/whatsapp/incidents")).body.items;
  expect(incident).toMatchObject({ reason: "logged_out", closed_at: expect.any(String) });
  expect(Math.abs(incident.duration_seconds - 600)).toBeLessThan(5);

  await tellNext(id, { state: "logout", reason: "logged_out" });
  expect(await bells(id)).toHaveLength(2);
});

test("an English business is told in English", async () => {
  const { id, owner } = await paired();
  await owner.patch("/api/settings", { language: "en" });
  await tellNext(id, { reason: "replaced" });
  const [bell] = await bells(id);
  expect(bell.title).toMatch(/^The business's WhatsApp was disconnected\./);
});

test.each(["replaced", "forbidden", "outdated", "passkey_required", "quarantined"] as const)(
  "a stop for a person (%s) rings",
  async (reason) => {
    const { id } = await paired();
    await tellNext(id, { reason, next_retry_at: at(60 * SECONDS) });
    expect(await bells(id)).toEqual([]);
    await tellNext(id, { reason });
    expect(await bells(id)).toHaveLength(1);
  },
);

test("the fifth failed reconnect rings, whatever restarts meanwhile", async () => {
  const { id } = await paired();
  await tellNext(id, retry(0));
  for (const attempt of [1, 2, 3, 4]) {
    await tellNext(id, { state: "connecting", attempt: attempt - 1 });
    await tellNext(id, retry(attempt));
  }
  expect(await bells(id)).toEqual([]);
  restart();
  await tellNext(id, retry(5));
  expect(await bells(id)).toHaveLength(1);
  restart();
  for (const attempt of [6, 7, 8, 20]) await tellNext(id, retry(attempt));
  await poll();
  expect(await bells(id)).toHaveLength(1);
  await tellNext(id, { ...open, attempt: 20 });
  expect(await incidents(id)).toMatchObject([{ closed_at: expect.any(String) }]);
});

test("a connection that stands for a moment and goes again does not ring at each turn", async () => {
  const { id } = await paired();
  await tellNext(id, retry(5));
  // The gateway counts on until it has stood for minutes.
  for (const attempt of [6, 7, 8]) {
    await tellNext(id, { ...open, attempt });
    await tellNext(id, retry(attempt));
  }
  expect(await bells(id)).toHaveLength(1);
  // Down for good now: five in a row once more.
  for (const attempt of [9, 10, 11, 12]) await tellNext(id, retry(attempt));
  expect(await bells(id)).toHaveLength(1);
  await tellNext(id, retry(13));
  expect(await bells(id)).toHaveLength(2);
  await tellNext(id, open);
  await tellNext(id, retry(1));
  await tellNext(id, retry(5));
  expect(await bells(id)).toHaveLength(3);
});

test("neither a restart that was required nor a flap rings", async () => {
  const { id } = await paired();
  await tellNext(id, { state: "connecting", detail: "515" });
  await tellNext(id, open);
  for (const attempt of [0, 1, 2]) await tellNext(id, retry(attempt));
  await tellNext(id, open);
  expect(await bells(id)).toEqual([]);
  expect(await incidents(id)).toEqual([]);
});

test("a business that was never paired has nothing to lose", async () => {
  const { id } = await world.people.business();
  await tellNext(id, { state: "connecting", reason: "qr" });
  await tellNext(id, { reason: "qr_expired" });
  await tellNext(id, { state: "logout", reason: "logged_out" });
  await tellNext(id, retry(7));
  gateway.sessions = null;
  for (let n = 0; n < 15; n++) await poll(60 * SECONDS);
  expect(await bells(id)).toEqual([]);
});

test("reports that come late or twice do not overwrite newer ones", async () => {
  const { id, owner } = await paired();
  const late = report(id, retry(5));
  const last = report(id, { state: "logout", reason: "logged_out", since: at(SECONDS) });
  clock.advance(5 * SECONDS);
  const now = report(id, open);
  const give = (event: GatewayConnectionEvent) => tell(id, event);
  for (const event of [now, last, late, now, last]) await give(event);
  expect(await bells(id)).toEqual([]);
  shows(id, now);
  expect((await owner.get("/api/whatsapp/status")).body.baileys.state).toBe("open");
  expect(await stored(id)).toMatchObject({ state: "open", since: now.since });
});

test("a logout that is told of before the connection it ended rings as well", async () => {
  const { id } = await world.people.business();
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
  clock.advance(SECONDS);
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
  gateway.onAsk = async () => {
    await tellNext(id, { state: "logout" });
    gateway.sessions = [];
  };
  const left = await owner.post("/api/whatsapp/disconnect", {});
  expect(left.body.baileys).toMatchObject({ state: "logout", reason: null, connected: false });
  await tellNext(id, { state: "logout", reason: "logged_out" });
  await tell(id, stood);
  expect(await bells(id)).toEqual([]);

  await tellNext(id, open);
  await tellNext(id, { reason: "replaced" });
  expect(await bells(id)).toHaveLength(1);
  expect((await owner.post("/api/whatsapp/disconnect", {})).status).toBe(200);
  expect(await incidents(id)).toMatchObject([{ closed_at: expect.any(String) }]);
});

test("a disconnect that the gateway did not take changes nothing", async () => {
  const { id, owner } = await paired();
  gateway.onAsk = async () => {
    throw new GatewayUnreachable("nobody there");
  };
  expect((await owner.post("/api/whatsapp/disconnect", {})).status).toBe(503);
  await tellNext(id, { state: "logout", reason: "logged_out" });
  expect(await bells(id)).toHaveLength(1);
});

test("one business's disconnect is nobody else's", async () => {
  const one = await paired();
  const other = await paired();
  await tellNext(one.id, { state: "logout", reason: "logged_out" });
  expect(await bells(other.id)).toEqual([]);
  expect((await other.owner.get("/api/whatsapp/incidents")).body.items).toEqual([]);
});
