import { createHmac } from "node:crypto";
import type { GatewayLeases, GatewayLeasesAsked } from "@agentlocator/contract";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createTestBackend } from "../../../../test/http.ts";
import type { TestBackend } from "../../../../test/http.ts";
import { parseEnv } from "../../../platform/env.ts";
import { createLeases } from "./index.ts";
import { renewLeases } from "./renew.ts";

const TTL = 30;
const SECRET = "between the two";
const IDS = [1, 2, 3, 4];
const MINE = "gateway-one-1111";
const OTHER = "gateway-two-2222";
const url = (id: string) => `http://${id}:3000`;

let backend: TestBackend;
let leases: NonNullable<ReturnType<typeof createLeases>>;
let base: string;

beforeAll(async () => {
  backend = await createTestBackend();
  const { db } = backend;
  const env = parseEnv({
    ...{ DATABASE_URL: "postgres://x", APP_SECRET: "x".repeat(32) },
    ...{ BAILEYS_WEBHOOK_SECRET: SECRET, GATEWAY_LEASE_SECONDS: String(TTL) },
  });
  leases = createLeases({ env, db })!;
  base = await backend.serve(leases.routes, async () => null);
  await sql(
    "insert into businesses (id, name) overriding system value select id, 'b' from unnest(?::int[]) id",
    IDS,
  );
});
afterAll(() => backend.close());
beforeEach(async () => {
  await sql("delete from gateway_leases");
  await sql("delete from whatsapp_gateways");
});

const sql = (text: string, ...values: unknown[]) =>
  backend.db.inSystem(({ trx }) => trx.raw(text, values as never));
const renew = (gateway_id: string, more: Partial<GatewayLeasesAsked> = {}) => {
  const asked = { gateway_id, url: url(gateway_id), given_back: [], leaving: false, ...more };
  return backend.db.inSystem((tx) => renewLeases(tx, asked, TTL));
};
const idsOf = ({ leases }: GatewayLeases) => leases.map(({ business_id }) => business_id);
/** As if the gateway had last been heard of this long ago. */
async function silentFor(gateway_id: string, seconds: number): Promise<void> {
  const until = `now() + interval '${TTL - seconds} seconds'`;
  await sql(`update gateway_leases set expires_at = ${until} where gateway_id = ?`, gateway_id);
  await sql(`update whatsapp_gateways set expires_at = ${until} where id = ?`, gateway_id);
}

test("the only gateway gets every business; a second one is handed its share, one by one", async () => {
  expect(idsOf(await renew(MINE))).toEqual(IDS);
  expect(idsOf(await renew(OTHER))).toEqual([]);
  for (const expected of [4, 3]) {
    const { leases: held, give_back } = await renew(MINE);
    expect(give_back).toEqual([expected]);
    const lease = held.find(({ business_id }) => business_id === expected)!;
    expect(await renew(MINE, { given_back: [lease] })).toMatchObject({ ttl_ms: TTL * 1000 });
    expect(idsOf(await renew(OTHER))).toContain(expected);
  }
  expect(await renew(MINE)).toMatchObject({ give_back: [] });
  expect(idsOf(await renew(MINE))).toEqual([1, 2]);
  expect(idsOf(await renew(OTHER))).toEqual([3, 4]);
});

test("a lease that is renewed keeps its epoch, also when the answer before was lost", async () => {
  const first = await renew(MINE);
  expect(await renew(MINE)).toEqual(first);
  expect(first.leases[0]!.epoch).toBeGreaterThan(Date.now() / 1000 - 60);
});

test("one that ran out is taken after a margin, with a higher epoch, and is then lost", async () => {
  const before = (await renew(MINE)).leases;
  await silentFor(MINE, TTL + 1);
  expect(idsOf(await renew(OTHER))).toEqual([]);
  await silentFor(MINE, TTL * 1.4);
  const after = (await renew(OTHER)).leases;
  expect(after.map(({ business_id }) => business_id)).toEqual(IDS);
  for (const [n, { epoch }] of after.entries()) expect(epoch).toBeGreaterThan(before[n]!.epoch);
  expect(idsOf(await renew(MINE))).toEqual([]);
  expect(await leases.owners.of(1)).toBe(url(OTHER));
});

test("one that ran out and was taken by nobody is its holder's, as it was", async () => {
  const before = await renew(MINE);
  await silentFor(MINE, TTL + 1);
  expect(await leases.owners.of(1)).toBeNull();
  expect(await renew(MINE)).toEqual(before);
  expect(await leases.owners.of(1)).toBe(url(MINE));
});

test("a gateway that leaves leaves everything to others at once", async () => {
  const before = (await renew(MINE)).leases;
  expect(await renew(MINE, { leaving: true })).toMatchObject({ leases: [], give_back: [] });
  expect(await leases.owners.gateways()).toEqual([]);
  const after = (await renew(OTHER)).leases;
  expect(after.map(({ business_id }) => business_id)).toEqual(IDS);
  for (const [n, { epoch }] of after.entries()) expect(epoch).toBeGreaterThan(before[n]!.epoch);
});

test("what is given back under an old epoch, or by another gateway, is not", async () => {
  const [lease] = (await renew(MINE)).leases;
  const old = { ...lease!, epoch: lease!.epoch - 1 };
  expect(idsOf(await renew(MINE, { given_back: [old] }))).toEqual(IDS);
  await renew(OTHER, { given_back: [lease!] });
  expect(await leases.owners.of(lease!.business_id)).toBe(url(MINE));
});

test("ten that ask at the same time, again and again: each business has one", async () => {
  const all = Array.from({ length: 10 }, (_, n) => `gateway-${n}-of-ten-----`);
  const rounds = Array.from({ length: 3 }, () => all.map((id) => renew(id)));
  await Promise.all(rounds.flat());
  const held = (await Promise.all(all.map((id) => renew(id)))).flatMap(idsOf);
  expect(held.toSorted()).toEqual(IDS);
});

test("who has what, for a backend that asks", async () => {
  await renew(MINE);
  await silentFor(MINE, TTL * 1.4);
  expect(await leases.owners.all()).toEqual(new Map([[null, IDS]]));
  await renew(OTHER);
  expect(await leases.owners.all()).toEqual(new Map([[url(OTHER), IDS]]));
  expect(await leases.owners.gateways()).toEqual([url(OTHER)]);
});

test("an epoch is not used twice, although the database was set back to a backup", async () => {
  const used = (await renew(MINE)).leases[0]!.epoch;
  await sql("delete from gateway_leases");
  await sql(
    "insert into gateway_leases values (1, 'long-ago', 'http://x', 7, now() - interval '1 day')",
  );
  expect((await renew(OTHER)).leases[0]!.epoch).toBeGreaterThanOrEqual(used);
});

async function post(body: string, headers: Record<string, string> = {}) {
  const signature = createHmac("sha256", SECRET).update(body).digest("hex");
  const response = await fetch(`${base}/internal/gateway-leases`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-BAILEYS-SIGNATURE": signature, ...headers },
    body,
  });
  return { status: response.status, body: (await response.json()) as GatewayLeases };
}

test("a gateway asks over HTTP with the shared secret; nobody does through the proxy", async () => {
  const body = JSON.stringify({ gateway_id: MINE, url: url(MINE) });
  expect(await post(body)).toMatchObject({ status: 200, body: { ttl_ms: TTL * 1000 } });
  expect(await post(body, { "X-BAILEYS-SIGNATURE": "00" })).toMatchObject({ status: 403 });
  expect(await post(body, { "X-Forwarded-For": "1.2.3.4" })).toMatchObject({ status: 404 });
  expect(await post("{}")).toMatchObject({ status: 400 });
  expect(await post("nothing")).toMatchObject({ status: 400 });
});
