import type { GatewaySession } from "@agentlocator/contract";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { expectProblem } from "../../../../test/browser.ts";
import type { Browser } from "../../../../test/browser.ts";
import { createPeople } from "../../../../test/people.ts";
import type { TestPeople } from "../../../../test/people.ts";
import { parseEnv } from "../../../platform/env.ts";
import { createChannel, GatewayRefused, GatewayUnreachable } from "./index.ts";
import type { GatewayClient } from "./index.ts";

const env = parseEnv({
  ...{ DATABASE_URL: "postgres://x", APP_SECRET: "x".repeat(32), TWILIO_AUTH_TOKEN: "token" },
  ...{ TWILIO_ACCOUNT_SID: `AC${"0".repeat(32)}`, TWILIO_WA_FROM: "whatsapp:+14155238886" },
});

const AWAITS: GatewaySession = {
  ...{ businessId: 1, state: "connecting", reason: "qr", connected: false, phone: null },
  ...{ qr: "https://wa.me/settings/linked_devices#2@abc,def", since: "2026-11-20T09:00:00.000Z" },
  ...{ lastSeen: "2026-11-20T09:00:01.000Z", attempt: 0, nextRetryAt: null, detail: null },
};

let people: TestPeople;
let channel: ReturnType<typeof createChannel>;
let asked: string[];
let live: () => Promise<GatewaySession | null>;
let trouble: Error | null;

async function note(what: string): Promise<void> {
  asked.push(what);
  if (trouble) throw trouble;
}
const gateway = {
  session: () => live(),
  start: (id: number) => note(`start ${id}`),
  remove: (id: number) => note(`remove ${id}`),
  async pairingCode(id: number, phone: string) {
    await note(`code ${id} ${phone}`);
    return "ABCD1234";
  },
} as unknown as GatewayClient;

beforeAll(async () => {
  people = await createPeople({
    routes(parts) {
      channel = createChannel({ ...parts, env, gateway });
      return channel.routes;
    },
  });
});
afterAll(() => people.close());
beforeEach(() => {
  asked = [];
  trouble = null;
  live = async () => null;
});

const status = async (browser: Browser) => (await browser.get("/api/whatsapp/status")).body;
const nobody = async () => {
  throw new GatewayUnreachable("nobody there");
};

test("the status is the gateway's own, with its QR code drawn", async () => {
  const { owner } = await people.business();
  live = async () => AWAITS;
  const { baileys, ...others } = await status(owner);
  expect(baileys).toEqual({
    ...{ enabled: true, state: "connecting", reason: "qr", connected: false, phone: null },
    ...{ since: AWAITS.since, last_seen: AWAITS.lastSeen, qr: AWAITS.qr, detail: null },
    ...{ qr_svg: expect.stringMatching(/^<svg [^]*<\/svg>\s*$/), attempt: 0, next_retry_at: null },
  });
  expect(others).toEqual({
    provider: "auto",
    twilio: { enabled: true, from: "+14155238886" },
  });
});

test("a business's own sender is the one that Twilio uses", async () => {
  const { owner } = await people.business({ whatsapp_number: "+972501111111" });
  expect((await status(owner)).twilio).toEqual({ enabled: true, from: "+972501111111" });
});

test("without an answer of the gateway it is what was known last", async () => {
  const { id, owner } = await people.business();
  live = nobody;
  const unknown = { connected: false, state: "close", reason: "unreachable", last_seen: null };
  expect((await status(owner)).baileys).toMatchObject(unknown);
  const seen = { phone: "+972501234567", last_seen: "2026-11-20T09:30:00.000Z" };
  const event = { event: "connection", business_id: id, state: "open", reason: null } as const;
  const rest = { since: "2026-11-20T09:00:00.000Z", attempt: 0, next_retry_at: null, detail: null };
  await people.db.inBusiness(id, (tx) =>
    channel.applyConnection(tx, { ...event, ...rest, ...seen }),
  );
  expect((await status(owner)).baileys).toMatchObject({ ...unknown, ...seen });
  // It answers, and knows nothing of the session: then it can't be up.
  live = async () => null;
  expect((await status(owner)).baileys).toMatchObject({ state: "close", reason: null, ...seen });
});

test("connecting, a pairing code and disconnecting go to the gateway, and into the log", async () => {
  const { id, owner } = await people.business();
  live = async () => AWAITS;
  expect((await owner.post("/api/whatsapp/connect", {})).body.baileys.reason).toBe("qr");
  const code = await owner.post("/api/whatsapp/pairing-code", { phone: "050-123-4567" });
  expect(code.body).toEqual({ code: "ABCD1234" });
  live = async () => null;
  const left = await owner.post("/api/whatsapp/disconnect", {});
  expect(left.body.baileys).toMatchObject({ state: "close", reason: null, phone: null });
  expect(asked).toEqual([`start ${id}`, `code ${id} +972501234567`, `remove ${id}`]);
  const actions = (await owner.get("/api/audit?limit=3")).body.items.map(
    (item: { action: string }) => item.action.replace("whatsapp.", ""),
  );
  expect(actions).toEqual(["disconnected", "pairing_code_asked", "connect_asked"]);
});

test("what can't be asked is not asked", async () => {
  const { owner } = await people.business();
  for (const phone of ["no number", "12"]) {
    const answer = await owner.post("/api/whatsapp/pairing-code", { phone: `${phone} ` });
    expect(answer.status, answer.text).toBe(400);
  }
  const more = await owner.post("/api/whatsapp/connect", { business_id: 7 });
  expectProblem(more, 400, "invalid_input");
  expect(asked).toEqual([]);
});

test("what the gateway can't or won't do is said", async () => {
  const { owner } = await people.business();
  const connect = () => owner.post("/api/whatsapp/connect", {});
  trouble = new GatewayUnreachable("nobody there");
  expectProblem(await connect(), 503, "gateway_unreachable");
  trouble = new GatewayRefused(409, "already_open", "The session is open.");
  expectProblem(await connect(), 409, "already_open");
  trouble = new GatewayRefused(401, "unauthorized", "X-BAILEYS-SECRET is missing or wrong.");
  expectProblem(await connect(), 503, "gateway_unreachable");
});

test("an agent sees the state and changes nothing", async () => {
  const { owner } = await people.business();
  const { browser } = await people.user(owner, "agent", "agent@business.example");
  live = async () => AWAITS;
  const seen = await status(browser);
  // Whoever scans the code makes a telephone of theirs the business's.
  expect(seen.baileys).toMatchObject({ reason: "qr", qr: null, qr_svg: null });
  expect((await browser.get("/api/whatsapp/incidents")).status).toBe(200);
  for (const [path, body] of [
    ["connect", {}],
    ["pairing-code", { phone: "+972501234567" }],
    ["disconnect", {}],
  ] as const) {
    expectProblem(await browser.post(`/api/whatsapp/${path}`, body), 403, "not_allowed");
  }
  expect(asked).toEqual([]);
});

test("without a gateway the page says so", async () => {
  const bare = parseEnv({ DATABASE_URL: "postgres://x", APP_SECRET: "x".repeat(32) });
  const alone = createChannel({ ...people, env: bare, gateway: null });
  const { id, owner } = await people.business();
  const base = await people.serve(alone.routes, people.loadSession);
  const there = Object.assign(people.browser(), { base, cookies: owner.cookies });
  const { baileys, twilio } = await status(there);
  expect(baileys).toMatchObject({ enabled: false, state: "close", connected: false });
  expect(twilio).toEqual({ enabled: false, from: null });
  expectProblem(await there.post("/api/whatsapp/connect", {}), 409, "gateway_disabled");
  const health = await people.db.inBusiness(id, alone.providerHealth);
  expect(health).toEqual({ baileys: "never_paired", twilio: "disabled" });
});
