import { setTimeout as wait } from "node:timers/promises";
import type { GatewayLeases, GatewayLeasesAsked } from "@agentlocator/contract";
import { expect, onTestFinished, test, vi } from "vitest";
import { silent } from "../../test/scratch.ts";
import type { Lease } from "../storage/index.ts";
import { createKeeper } from "./keeper.ts";

const TTL = 200;
const until = (isSo: () => unknown) => vi.waitUntil(isSo, { timeout: 20_000, interval: 5 });

/** A backend that says what it is told to say, and a gateway's sessions that note what becomes of them. */
function setUp(first: Partial<GatewayLeases>) {
  let answer: () => Promise<Partial<GatewayLeases>> = async () => first;
  const asked: Partial<GatewayLeasesAsked>[] = [];
  const taken = new Map<number, Lease>();
  const drops: { id: number; ms: number; held: boolean }[] = [];
  const keeper = createKeeper({
    async ask(question) {
      asked.push(question);
      return { ttl_ms: TTL, leases: [], give_back: [], ...(await answer()) };
    },
    holder: {
      take: (leases) => leases.forEach((lease, id) => taken.set(id, lease)),
      async drop(id, ms) {
        drops.push({ id, ms, held: taken.get(id)!.held() });
      },
    },
    goodbye_ms: 7,
    log: silent,
  });
  keeper.start();
  onTestFinished(() => keeper.stop());
  const says = (next: typeof answer) => void (answer = next);
  return { keeper, asked, taken, drops, says };
}

const lease = (business_id: number, epoch = 5) => ({ business_id, epoch });

test("a lease is renewed for as long as the backend answers", async () => {
  const { asked, taken, drops } = setUp({ leases: [lease(1)] });
  await until(() => asked.length > 8);
  expect(taken.get(1)).toMatchObject({ epoch: 5 });
  expect(taken.get(1)!.held()).toBe(true);
  expect(drops).toEqual([]);
});

test("without an answer everything ends by itself, and comes back with one", async () => {
  const { taken, drops, says } = setUp({ leases: [lease(1), lease(2)] });
  await until(() => taken.size === 2);
  const before = taken.get(1)!;
  says(() => Promise.reject(new Error("nobody there")));
  await until(() => drops.length === 2);
  expect(drops).toEqual([1, 2].map((id) => ({ id, ms: 0, held: false })));
  says(async () => ({ leases: [lease(1), lease(2, 6)] }));
  await until(() => taken.get(2)!.epoch === 6);
  expect(taken.get(1)!.held()).toBe(true);
  expect(before.held()).toBe(false);
});

test("an answer that was on its way for the time of a lease gives nothing", async () => {
  const { asked, taken, says } = setUp({});
  says(async () => {
    await wait(TTL * 1.5);
    return { leases: [lease(1)] };
  });
  await until(() => asked.length > 3);
  expect(taken.get(1)?.held() ?? false).toBe(false);
});

test("what another one has is dropped at once, and taken anew under another epoch", async () => {
  const { taken, drops, says } = setUp({ leases: [lease(1), lease(2)] });
  await until(() => taken.size === 2);
  says(async () => ({ leases: [lease(2, 9)] }));
  await until(() => drops.length === 2);
  expect(drops).toEqual([1, 2].map((id) => ({ id, ms: 0, held: false })));
  expect(taken.get(2)).toMatchObject({ epoch: 9 });
});

test("what is to be given back is ended in order first, while it is still held", async () => {
  const { asked, taken, drops, says } = setUp({ leases: [lease(1), lease(2)] });
  await until(() => taken.size === 2);
  const told = () => asked.some(({ given_back }) => given_back?.length);
  says(async () =>
    told() ? { leases: [lease(1)] } : { leases: [lease(1), lease(2)], give_back: [2] },
  );
  await until(told);
  expect(drops[0]).toEqual({ id: 2, ms: 7, held: true });
  expect(asked.find(({ given_back }) => given_back?.length)).toEqual({ given_back: [lease(2)] });
  expect(taken.get(2)!.held()).toBe(false);
});

test("at the end it says that it leaves, and nothing is its own any more", async () => {
  const { keeper, asked, taken } = setUp({ leases: [lease(1)] });
  await until(() => taken.size === 1);
  await keeper.stop();
  expect(taken.get(1)!.held()).toBe(true);
  await keeper.leave();
  expect(asked.at(-1)).toEqual({ leaving: true });
  expect(taken.get(1)!.held()).toBe(false);
});
