import {
  cpSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { diskFull, fileHandles, scratch, smallDisk, withoutSync } from "../../test/scratch.ts";
import {
  SECRET,
  bothKeys,
  fresh,
  keysOf,
  never,
  openStored,
  paired,
} from "../../test/stored-business.ts";
import { StorageCorrupt, StorageUnreadable } from "./errors.ts";

test.each(["truncated to nothing", "cut in the middle", "deleted"])(
  "credentials that are %s come from their copy, and it is said",
  async (how) => {
    const dir = scratch();
    await paired(dir);
    const path = join(dir, "business_7/auth/creds");
    if (how === "deleted") rmSync(path);
    else truncateSync(path, how === "cut in the middle" ? statSync(path).size / 2 : 0);
    const copy = readFileSync(`${path}.bak`);
    const { storage, lines } = await openStored(dir);
    const vault = await storage.openAuth(never);
    expect(vault.origin).toEqual({ kind: "ok", restored: expect.stringContaining("creds") });
    // Two good ones again, and at no moment none.
    expect(statSync(path).size).toBe(copy.length);
    expect(readFileSync(`${path}.bak`)).toEqual(copy);
    expect(vault.creds.noise).toEqual(Buffer.from("ours"));
    expect(lines.map(({ msg }) => msg)).toContainEqual(expect.stringContaining("[WA-ERROR]"));
    await vault.close();
    const healed = await storage.openAuth(never);
    expect(healed.origin).toEqual({ kind: "ok" });
    await healed.close();
  },
);

test("credentials cut at any byte, with their copy: never a new identity, never a wrong one", async () => {
  await withoutSync();
  const dir = scratch();
  await paired(dir);
  const auth = join(dir, "business_7/auth");
  const whole = readFileSync(join(auth, "creds"));
  const { storage } = await openStored(dir);
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(join(auth, "creds"), whole.subarray(0, length));
    writeFileSync(join(auth, "creds.bak"), whole.subarray(0, length));
    await expect(storage.openAuth(never)).rejects.toThrow(StorageCorrupt);
  }
});

test.each([
  ["both credentials", ["creds", "creds.bak"]],
  ["the keys and their copy", ["keys", "keys.copy"]],
])("%s gone beside the rest is corrupt; a person's word sets it aside", async (_, names) => {
  const dir = scratch();
  await paired(dir);
  for (const name of names) rmSync(join(dir, "business_7/auth", name));
  const { storage } = await openStored(dir);
  await expect(storage.openAuth(never)).rejects.toThrow(StorageCorrupt);
  await expect(storage.openAuth(never)).rejects.toThrow(/is gone/);
  await storage.setAuthAside();
  const vault = await storage.openAuth(fresh);
  expect(vault.origin).toEqual({ kind: "new" });
  expect(readdirSync(join(dir, "business_7/set-aside"))).toHaveLength(1);
  await vault.close();
});

test("credentials gone beside keys are corrupt, even if nothing says that there was a pairing", async () => {
  const dir = scratch();
  const { storage } = await openStored(dir);
  await (await storage.openAuth(fresh)).close();
  for (const name of ["creds", "creds.bak"]) rmSync(join(dir, "business_7/auth", name));
  await expect(storage.openAuth(never)).rejects.toThrow(/creds is gone/);
});

test("from the first save of a pairing on, there are two of it", async () => {
  const [dir, elsewhere] = [scratch(), scratch()];
  const { storage } = await openStored(dir);
  const vault = await storage.openAuth(fresh);
  vault.creds.me = { id: "1@s.whatsapp.net" };
  vault.creds.account = {};
  await vault.saveCreds();
  cpSync(dir, elsewhere, { recursive: true });
  await vault.close();
  rmSync(join(elsewhere, "business_7/auth/creds"));
  const copy = await (await openStored(elsewhere)).storage.openAuth(never);
  expect(copy.origin).toMatchObject({ kind: "ok", restored: expect.any(String) });
  expect(copy.paired()).toBe(true);
  await copy.close();
});

test("the whole folder of a paired business gone is corrupt too", async () => {
  const dir = scratch();
  await paired(dir);
  rmSync(join(dir, "business_7/auth"), { recursive: true });
  const { storage } = await openStored(dir);
  await expect(storage.openAuth(never)).rejects.toThrow(/was paired/);
});

test("damaged keys are made anew from what can be read and the hourly copy", async () => {
  const dir = scratch();
  let hours = 0;
  const clock = () => Date.now() + hours * 3_600_000;
  const { storage } = await openStored(dir, SECRET, clock);
  const vault = await storage.openAuth(fresh);
  vault.creds.me = { id: "1@s.whatsapp.net" };
  vault.creds.account = {};
  await vault.saveCreds();
  const path = join(dir, "business_7/auth/keys");
  await vault.keys.set({ session: { a: "in the copy", b: "old" } });
  const copySize = () => statSync(`${path}.copy`).size;
  const first = await vi.waitFor(copySize);
  hours = 2;
  await vault.keys.set({ session: { c: "at the hour" } });
  await vi.waitFor(() => expect(copySize()).toBeGreaterThan(first));
  const damage = statSync(path).size;
  await vault.keys.set({ session: { b: "lost" } });
  await vault.keys.set({ session: { d: "after the damage", a: null } });
  await vault.close();

  const bytes = readFileSync(path);
  bytes[damage + 30]! ^= 1;
  writeFileSync(path, bytes);
  const again = await storage.openAuth(never);
  expect(again.origin).toMatchObject({
    kind: "ok",
    restored: expect.stringContaining("keys is damaged"),
  });
  expect(await again.keys.get("session", ["a", "b", "c", "d"])).toEqual({
    b: "old",
    c: "at the hour",
    d: "after the damage",
  });
  await again.close();
  truncateSync(path, 0);
  const third = await storage.openAuth(never);
  expect(third.origin).toMatchObject({ restored: expect.stringContaining("3 of them from the") });
  expect(await third.keys.get("session", ["a", "b", "c"])).toEqual({
    a: "in the copy",
    b: "old",
    c: "at the hour",
  });
  await third.close();
});

test("another APP_SECRET, or none, is said; with the right one all is well again", async () => {
  const dir = scratch();
  await paired(dir, "");
  const plain = join(dir, "business_7/auth");
  expect(readFileSync(join(plain, "creds")).includes("972521111111")).toBe(true);
  const sealing = await openStored(dir);
  const sealed = await sealing.storage.openAuth(never);
  expect(await keysOf(sealed)).toEqual(bothKeys);
  await sealed.close();
  await sealing.storage.close();
  for (const name of ["creds", "creds.bak", "keys", "keys.copy"]) {
    for (const clear of ["9725", Buffer.from("one").toString("base64")]) {
      expect(readFileSync(join(plain, name)).includes(clear), name).toBe(false);
    }
  }
  await expect(openStored(dir, "another secret, just as long as it")).rejects.toThrow(
    StorageUnreadable,
  );
  await expect(openStored(dir, "another secret, just as long as it")).rejects.toThrow(
    "another APP_SECRET",
  );
  await expect(openStored(dir, "")).rejects.toThrow("APP_SECRET is not set");
  const { storage } = await openStored(dir);
  const vault = await storage.openAuth(never);
  expect(await keysOf(vault)).toEqual(bothKeys);
  await vault.close();
});

test("on a full disk a save fails, the pairing stays, and the next save works", async () => {
  const dir = scratch();
  await paired(dir);
  const { storage } = await openStored(dir);
  const vault = await storage.openAuth(never);
  const full = await diskFull();
  vault.creds.noise = Buffer.from("changed");
  await expect(vault.saveCreds()).rejects.toThrow("ENOSPC");
  await expect(vault.keys.set({ session: { x: 1 } })).rejects.toThrow("ENOSPC");
  full.restore();
  expect(await keysOf(vault)).toEqual(bothKeys);
  await vault.saveCreds();
  await vault.keys.set({ session: { x: 2 } });
  await vault.close();
  const again = await storage.openAuth(never);
  expect(again.origin).toEqual({ kind: "ok" });
  expect(again.creds.noise).toEqual(Buffer.from("changed"));
  expect(await again.keys.get("session", ["x"])).toEqual({ x: 2 });
  await again.close();
  expect(readdirSync(join(dir, "business_7/auth")).toSorted()).toEqual([
    "creds",
    "creds.bak",
    "keys",
    "keys.copy",
  ]);
});

test("started on a disk that is full, the pairing is there (where one can be mounted)", async ({
  skip,
}) => {
  const dir = smallDisk(scratch(), 512);
  if (!dir) return skip("no right to mount");
  await paired(dir);
  expect(() => writeFileSync(join(dir, "ballast"), Buffer.alloc(600_000))).toThrow("ENOSPC");
  const { storage } = await openStored(dir);
  const vault = await storage.openAuth(never);
  expect(vault.origin).toEqual({ kind: "ok" });
  expect(await keysOf(vault)).toEqual(bothKeys);
  await expect(vault.saveCreds()).rejects.toThrow("ENOSPC");
  const message = { key: "m", thread: "t", data: "x".repeat(5_000) };
  await expect(storage.inbox.record(message)).rejects.toThrow("ENOSPC");
  rmSync(join(dir, "ballast"));
  expect(await storage.inbox.record(message)).toBe(true);
  await vault.saveCreds();
  await vault.close();
  await storage.close();
});

test("a disk that hangs rejects after the timeout instead of hanging the session", async () => {
  const dir = scratch();
  await paired(dir);
  const { storage } = await openStored(dir, SECRET, Date.now, 1_000);
  const vault = await storage.openAuth(never);
  const handles = await fileHandles();
  let release = () => {};
  const stuck = new Promise<void>((resolve) => (release = resolve));
  const datasync = vi.spyOn(handles, "datasync").mockReturnValue(stuck);
  const read = vi.spyOn(handles, "read").mockReturnValue(new Promise(() => {}) as never);
  const hanging = [vault.keys.set({ session: { x: 1 } }), vault.keys.get("pre-key", ["1"])];
  const outcomes = await Promise.allSettled(hanging);
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ reason: { message: expect.stringMatching(/than 1000 ms/) } });
  }
  read.mockRestore();
  datasync.mockRestore();
  release();
  expect(await keysOf(vault)).toEqual(bothKeys);
  await vault.close();
});
