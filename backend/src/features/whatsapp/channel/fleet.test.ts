import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { GatewaySession } from "@agentlocator/contract";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { createFleet } from "./fleet.ts";
import { GatewayUnreachable } from "./gateway-errors.ts";

/** Which gateway has which business; null: none has. */
let owners: Map<number, string | null>;
const all = () => {
  const urls = Map.groupBy(owners, ([, url]) => url);
  return new Map([...urls].map(([url, those]) => [url, those.map(([id]) => id)]));
};
const fleet = createFleet({
  owners: {
    of: async (id) => owners.get(id) ?? null,
    all: async () => all(),
    gateways: async () => [],
  },
  secret: "s",
});
beforeEach(() => {
  owners = new Map();
});

const sessionOf = (businessId: number, epoch: number): GatewaySession => ({
  ...{ businessId, epoch, state: "open", reason: null, connected: true, qr: null, phone: null },
  ...{ since: new Date(0).toISOString(), lastSeen: null, attempt: 0, nextRetryAt: null },
  detail: null,
});

/** A gateway that has these businesses, or says that another one has them. */
async function gateway(own: number[], epoch = 1) {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const id = Number(/\d+/.exec(request.url!)?.[0]);
    if (request.url === "/health") {
      return response.end(JSON.stringify({ sessions: own.map((one) => sessionOf(one, epoch)) }));
    }
    const type = "urn:agentlocator:not_owned";
    response.statusCode = own.includes(id) ? 200 : 409;
    response.end(JSON.stringify({ state: "connecting", qr: null, type }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, own };
}

test("each business's own gateway is asked", async () => {
  const [one, two] = [await gateway([1]), await gateway([2])];
  owners.set(1, one.url).set(2, two.url);
  await fleet.start(1);
  await fleet.start(2);
  expect([one.asked, two.asked]).toEqual([["POST /sessions/1"], ["POST /sessions/2"]]);
});

test("a person waits until the business has a gateway, and that one knows of it", async () => {
  const one = await gateway([]);
  const started = fleet.start(1);
  setTimeout(() => owners.set(1, one.url), 50);
  setTimeout(() => one.own.push(1), 400);
  expect(await started).toMatchObject({ state: "connecting" });
  expect(one.asked.length).toBeGreaterThan(1);
});

test("a business without a gateway is away, and nobody was asked", async () => {
  const error = await fleet.sendState(1, "k").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(GatewayUnreachable);
  expect(error).toMatchObject({ never_asked: true });
});

test("all sessions, each from who has it now; of whom nobody tells, nothing is said", async () => {
  const [stale, one] = [await gateway([1, 2], 1), await gateway([1], 2)];
  owners.set(1, one.url).set(2, stale.url).set(3, null).set(4, "http://127.0.0.1:1");
  const { sessions, silent } = await fleet.sessions();
  const found = sessions.map(({ businessId, epoch }) => [businessId, epoch]);
  expect(found.toSorted()).toEqual([
    [1, 2],
    [2, 1],
  ]);
  expect(silent).toEqual(new Set([3, 4]));
});
