import { PAUSED_UNTIL_RESUMED } from "@agentlocator/contract";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Browser } from "../../../test/browser.ts";
import { createPeople, type TestPeople } from "../../../test/people.ts";
import { pendingJobs } from "../../../test/pending-jobs.ts";
import { pauseAgent } from "./agent-turn.ts";
import { conversationRoutes } from "./routes.ts";
import { findOrCreateCallThread, findOrCreateThread } from "./service.ts";

const NOW = new Date("2026-11-20T10:00:00.000Z");

let world: TestPeople;
let api: Browser;
let business_id: number;
let thread: string;

beforeAll(async () => {
  world = await createPeople({ routes: conversationRoutes });
  const business = await world.business();
  [api, business_id] = [business.owner, business.id];
});
afterAll(() => world.close());
beforeEach(async () => {
  const peer = { type: "whatsapp", provider: "baileys", peer_number: "+972501234567" } as const;
  const id = await world.db.inBusiness(business_id, (tx) =>
    findOrCreateThread(tx, { ...peer, contact_id: null }),
  );
  thread = `/api/threads/${id}`;
  await api.patch(thread, { ai_paused_until: null });
});

const pause = (now = NOW) =>
  world.db.inBusiness(business_id, (tx) => pauseAgent(tx, Number(thread.slice(13)), now));
const pausedUntil = async () => (await api.get(thread)).body.ai_paused_until;
const setMinutes = (human_pause_minutes: number) =>
  api.patch("/api/settings", { human_pause_minutes });

const looks = () => pendingJobs(world.url, "whatsapp.answer");

test("a person's reply pauses the agent for the business's minutes, and never shortens a pause", async () => {
  await setMinutes(30);
  await pause();
  expect(await pausedUntil()).toBe("2026-11-20T10:30:00.000Z");
  await setMinutes(5);
  await pause();
  expect(await pausedUntil()).toBe("2026-11-20T10:30:00.000Z");
});

test("with no minutes the thread stays with people until it is given back", async () => {
  await setMinutes(0);
  await pause();
  expect(await pausedUntil()).toBe(PAUSED_UNTIL_RESUMED);
  await api.patch(thread, { ai_paused_until: null });
  expect(await pausedUntil()).toBeNull();
});

test("what the agent had proposed is off the table once a person has taken over", async () => {
  const id = Number(thread.slice(13));
  const expires_at = "2199-01-01T00:00:00.000Z";
  const pending_slot = JSON.stringify({ starts_at: expires_at, expires_at });
  await world.db.inBusiness(business_id, ({ trx }) =>
    trx("threads").where({ id }).update({ pending_slot }),
  );
  expect((await api.get(thread)).body.pending_slot).toMatchObject({ expires_at });
  await pause();
  expect((await api.get(thread)).body.pending_slot).toBeNull();
});

test("the agent looks at a thread once its pause is over, or taken back", async () => {
  const key = `answer:${thread.slice(13)}`;
  await api.patch(thread, { ai_paused_until: "2199-01-02T00:00:00.000Z" });
  expect(await looks()).toMatchObject([{ key, run_at: new Date("2199-01-02T00:00:00.000Z") }]);
  await api.patch(thread, { ai_paused_until: null });
  const [look] = await looks();
  expect(look!.run_at.getTime()).toBeLessThanOrEqual(Date.now());
});

test("a call's thread is nothing to look at", async () => {
  const id = await world.db.inBusiness(business_id, (tx) =>
    findOrCreateCallThread(tx, { peer_number: "+972500000009", contact_id: null }),
  );
  await api.patch(`/api/threads/${id}`, { ai_paused_until: null });
  expect((await looks()).map(({ key }) => key)).not.toContain(`answer:${id}`);
});
