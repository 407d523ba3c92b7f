import { expect, onTestFinished, test, vi } from "vitest";
import { QUICK } from "../../test/running-gateway.ts";
import { scratch, silent } from "../../test/scratch.ts";
import { ProblemError } from "../problem.ts";
import { openBusiness } from "../storage/index.ts";
import { createRegistry } from "./registry.ts";

const KEY = "sent before";

/** A gateway of several, on a storage where another one has taken a message. */
async function heir() {
  const dir = scratch();
  const before = await openBusiness({ dir, businessId: 7, secret: undefined, log: silent });
  await before.sends.accept({ idempotencyKey: KEY, body: {} });
  await before.close();
  const registry = createRegistry({
    ...{ dir, secret: undefined, leased: true, openStorage: openBusiness, timing: QUICK },
    wire: { url: "ws://127.0.0.1:1", version: undefined },
    delivery: {
      ...{ attach: vi.fn(), detach: async () => {}, stop: async () => {} },
      status: () => ({ waiting: 0, oldest_at: null, refused: 0 }),
    },
    fetchMedia: () => Promise.reject(new Error("none")),
    log: silent,
  });
  onTestFinished(() => registry.stop(0));
  return registry;
}

const lease = (epoch: number) => {
  const made = { epoch, mine: true, held: () => made.mine };
  return made;
};
const notOwned = expect.objectContaining({ status: 409, id: "not_owned" });

test("what is not its own is nobody's business here, whatever is stored", async () => {
  const registry = await heir();
  await expect(registry.known(7)).rejects.toEqual(notOwned);
  await expect(registry.ensure(7)).rejects.toEqual(notOwned);
  expect(() => registry.status(7)).toThrow(ProblemError);
  const over = lease(5);
  registry.take(new Map([[7, over]]));
  await registry.ensure(7);
  over.mine = false;
  await expect(registry.known(7)).rejects.toEqual(notOwned);
});

test("asked in the very moment in which it is given the business, it knows what was sent", async () => {
  const registry = await heir();
  registry.take(new Map([[7, lease(5)]]));
  const business = await registry.known(7);
  expect(business!.sendState(KEY)).toMatchObject({ state: "journalled" });
  registry.take(new Map([[8, lease(5)]]));
  expect(await registry.known(8)).toBeUndefined();
});

test("dropped while it is being opened, and given again: it is opened anew", async () => {
  const registry = await heir();
  registry.take(new Map([[7, lease(5)]]));
  const early = registry.ensure(7);
  const dropped = registry.drop(7, 0);
  registry.take(new Map([[7, lease(6)]]));
  await expect(early).rejects.toEqual(notOwned);
  const business = await registry.ensure(7);
  await dropped;
  expect(business.status()).toMatchObject({ epoch: 6 });
  expect(business.sendState(KEY)).toMatchObject({ state: "journalled" });
});
