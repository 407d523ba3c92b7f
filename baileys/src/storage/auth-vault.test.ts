import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { fileHandles, scratch } from "../../test/scratch.ts";
import { bothKeys, fresh, keysOf, never, openStored, paired } from "../../test/stored-business.ts";

test("an identity is made once, and comes back with all its keys", async () => {
  const dir = scratch();
  const { storage } = await openStored(dir);
  const first = await storage.openAuth(fresh);
  expect(first.origin).toEqual({ kind: "new" });
  expect(first.paired()).toBe(false);
  await first.close();
  await storage.close();
  await paired(dir);
  const again = await openStored(dir);
  const vault = await again.storage.openAuth(never);
  expect(vault.origin).toEqual({ kind: "ok" });
  expect(vault.paired()).toBe(true);
  expect(vault.creds.noise).toEqual(Buffer.from("ours"));
  expect(vault.creds.account).toEqual({ details: Buffer.from([1, 2, 3]) });
  expect(await keysOf(vault)).toEqual(bothKeys);
  await vault.keys.set({ "pre-key": { 1: null }, "lid-mapping": { "9725": "88@lid" } });
  expect(await vault.keys.get("pre-key", ["1", "2"])).toEqual({});
  expect(await vault.keys.get("lid-mapping", ["9725"])).toEqual({ "9725": "88@lid" });
  await vault.close();
});

test("it is open once: two would write over each other", async () => {
  const dir = scratch();
  await paired(dir);
  const { storage } = await openStored(dir);
  const vault = await storage.openAuth(never);
  await expect(storage.openAuth(never)).rejects.toThrow("open already");
  await vault.close();
  await (await storage.openAuth(never)).erase();
  await (await storage.openAuth(fresh)).close();
});

test("files are for this user alone, and hold nothing in the clear when there is a secret", async () => {
  const dir = scratch();
  await paired(dir);
  const all = readdirSync(dir, { recursive: true, withFileTypes: true });
  const text = Buffer.from("one").toString("base64");
  for (const entry of all) {
    const path = join(entry.parentPath, entry.name);
    expect(statSync(path).mode & 0o077, path).toBe(0);
    if (!entry.isFile()) continue;
    for (const clear of ["97252", text])
      expect(readFileSync(path).includes(clear), path).toBe(false);
  }
  expect(all.filter((entry) => entry.isFile()).length).toBeGreaterThan(6);
});

test("a pairing that was given up is set aside, and the next one starts anew", async () => {
  const dir = scratch();
  const { storage } = await openStored(dir);
  const vault = await storage.openAuth(fresh);
  vault.creds.me = { id: "972521111111:3@s.whatsapp.net" };
  await vault.saveCreds();
  await vault.close();
  const next = await storage.openAuth(fresh);
  expect(next.origin).toEqual({
    kind: "new",
    archived: expect.stringContaining("set-aside/auth-"),
  });
  expect(next.creds.me).toBeUndefined();
  await next.close();
});

test("saves that come together are few writes, and the last has it all", async () => {
  const dir = scratch();
  await paired(dir);
  const { storage } = await openStored(dir);
  const vault = await storage.openAuth(never);
  const sync = vi.spyOn(await fileHandles(), "sync");
  await Promise.all(
    Array.from({ length: 50 }, (_, i) => {
      vault.creds.noise = Buffer.from(`version ${i}`);
      return vault.saveCreds();
    }),
  );
  expect(sync.mock.calls.length).toBeLessThan(10);
  sync.mockRestore();
  await vault.close();
  const again = await storage.openAuth(never);
  expect(again.creds.noise).toEqual(Buffer.from("version 49"));
  await again.close();
});

test("after a logout nothing of the identity is left, and what came late does not bring it back", async () => {
  const dir = scratch();
  await paired(dir);
  const { storage } = await openStored(dir);
  await storage.state.set({ stopped: "logged_out", detail: "from the phone" });
  const vault = await storage.openAuth(never);
  await vault.erase();
  await expect(vault.saveCreds()).rejects.toThrow("closed");
  await expect(vault.keys.set({ session: { x: 1 } })).rejects.toThrow("closed");
  expect(readdirSync(join(dir, "business_7")).toSorted()).toEqual([
    "journal",
    "lock",
    "lock.holder",
    "state",
    "state.bak",
  ]);
  await storage.close();
  const again = await openStored(dir);
  expect(again.storage.state.get()).toMatchObject({
    stopped: "logged_out",
    detail: "from the phone",
    since: expect.stringMatching(/Z$/),
    paired_as: null,
  });
  const next = await again.storage.openAuth(fresh);
  expect(next.origin).toEqual({ kind: "new" });
  await next.close();
});
