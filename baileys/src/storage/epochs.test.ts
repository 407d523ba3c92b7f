import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { fileHandles, scratch, silent, withoutSync } from "../../test/scratch.ts";
import {
  bothKeys,
  fresh,
  keysOf,
  never,
  openStored,
  paired,
  SECRET,
} from "../../test/stored-business.ts";
import { StorageLost } from "./errors.ts";
import { openBusiness } from "./index.ts";

beforeEach(withoutSync);

function leaseOf(epoch: number) {
  const lease = { epoch, mine: true, held: () => lease.mine };
  return lease;
}

async function openLeased(dir: string, epoch: number) {
  const lease = leaseOf(epoch);
  const storage = await openBusiness({ dir, businessId: 7, secret: SECRET, log: silent, lease });
  onTestFinished(() => storage.close());
  const openAuth: typeof storage.openAuth = async (make) => {
    const vault = await storage.openAuth(make);
    onTestFinished(() => vault.close().catch(() => {}));
    return vault;
  };
  return { storage: { ...storage, openAuth }, lease };
}

const entry = (key: string) => ({ key, thread: "t", data: { key } });
const waiting = (storage: { inbox: { waiting(): Iterable<{ key: string }> } }) =>
  [...storage.inbox.waiting()].map(({ key }) => key);

test("a business that had no lease is taken with all it has, and can do without one again", async () => {
  const dir = scratch();
  await paired(dir);
  const { storage } = await openLeased(dir, 12);
  const vault = await storage.openAuth(never);
  expect(await keysOf(vault)).toEqual(bothKeys);
  expect(readdirSync(`${dir}/business_7`)).toEqual(["epoch_12"]);
  await storage.inbox.record(entry("under a lease"));
  await vault.close();
  await storage.close();

  const { storage: alone } = await openStored(dir);
  const its = await alone.openAuth(never);
  expect(await keysOf(its)).toEqual(bothKeys);
  await its.close();
  expect(waiting(alone)).toEqual(["under a lease"]);
});

test("who had it before and woke up writes nothing that its successor could see", async () => {
  const dir = scratch();
  await paired(dir);
  const { storage: before, lease } = await openLeased(dir, 12);
  const its = await before.openAuth(never);
  await before.inbox.record(entry("in time"));
  const { storage: after } = await openLeased(dir, 13);
  const ours = await after.openAuth(never);

  // It does not even know that its time is over.
  await before.inbox.record(entry("asleep"));
  await its.keys.set({ session: { "972522222222.0": { chain: Buffer.from("set back") } } });
  its.creds.noise = Buffer.from("another's");
  await its.saveCreds().catch(() => {});
  await before.state.set({ stopped: "replaced" }).catch(() => {});
  await its.close().catch(() => {});
  await before.close();
  expect(await keysOf(ours)).toEqual(bothKeys);
  await ours.close();
  await after.close();

  lease.mine = false;
  const { storage: later } = await openLeased(dir, 14);
  const vault = await later.openAuth(never);
  expect(vault.creds.noise).toEqual(Buffer.from("ours"));
  expect(await keysOf(vault)).toEqual(bothKeys);
  expect(later.state.get().stopped).toBeNull();
  expect(waiting(later)).toEqual(["in time"]);
});

test("when the lease is over, every kind of write is refused", async () => {
  const { storage, lease } = await openLeased(scratch(), 12);
  const vault = await storage.openAuth(fresh);
  lease.mine = false;
  await expect(storage.inbox.record(entry("late"))).rejects.toThrow(StorageLost);
  await expect(vault.keys.set({ session: { x: {} } })).rejects.toThrow(StorageLost);
  await expect(vault.saveCreds()).rejects.toThrow(StorageLost);
  await expect(storage.state.set({ stopped: "replaced" })).rejects.toThrow(StorageLost);
  const send = { idempotencyKey: "k", body: {} };
  await expect(storage.sends.accept(send)).rejects.toThrow(StorageLost);
});

test("a write during which the lease ended is not acknowledged: a copy may lack it", async () => {
  const { storage, lease } = await openLeased(scratch(), 12);
  const handles = await fileHandles();
  const { datasync } = handles;
  vi.spyOn(handles, "datasync").mockImplementationOnce(async function (this: typeof handles) {
    await Reflect.apply(datasync, this, []);
    lease.mine = false;
  });
  await expect(storage.inbox.record(entry("asleep in it"))).rejects.toThrow(StorageLost);
  expect(waiting(storage)).toEqual([]);
});

test("an epoch that is behind what is stored takes nothing", async () => {
  const dir = scratch();
  const { storage } = await openLeased(dir, 13);
  await storage.inbox.record(entry("theirs"));
  await expect(openLeased(dir, 12)).rejects.toThrow(/taken by epoch 13 already/);
  expect(readdirSync(`${dir}/business_7`)).toEqual(["epoch_13"]);
});

test("a copy that was finished after its time counts for nothing", async () => {
  const dir = scratch();
  const { storage } = await openLeased(dir, 13);
  await storage.inbox.record(entry("ours"));
  await storage.close();
  for (const late of ["epoch_12", "epoch_14.new"]) {
    mkdirSync(`${dir}/business_7/${late}`);
    writeFileSync(`${dir}/business_7/${late}/state`, "of somebody who slept");
  }
  const { storage: next } = await openLeased(dir, 15);
  expect(waiting(next)).toEqual(["ours"]);
  expect(readdirSync(`${dir}/business_7`)).toEqual(["epoch_15"]);
});

test("one that lost the lease while it was copying gets nothing", async () => {
  const dir = scratch();
  await paired(dir);
  const lease = { epoch: 12, held: () => false };
  const opening = openBusiness({ dir, businessId: 7, secret: SECRET, log: silent, lease });
  await expect(opening).rejects.toThrow(StorageLost);
  const { storage } = await openLeased(dir, 13);
  expect(await keysOf(await storage.openAuth(never))).toEqual(bothKeys);
});
