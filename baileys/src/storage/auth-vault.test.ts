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
import { expect, onTestFinished, test, vi } from "vitest";
import {
  diskFull,
  fileHandles,
  listening,
  scratch,
  smallDisk,
  withoutSync,
} from "../../test/scratch.ts";
import { StorageCorrupt, StorageUnreadable } from "./errors.ts";
import { openBusiness } from "./index.ts";

interface Creds {
  noise: Buffer;
  me?: { id: string } | undefined;
  account?: unknown;
}

const SECRET = "a secret that is thirty-two bytes";
const fresh = (): Creds => ({ noise: Buffer.from("made new") });
const never = (): Creds => expect.fail("a new identity was made");

async function open(dir: string, secret: string | undefined = SECRET, now = Date.now, ms = 10_000) {
  const { log, lines } = listening();
  const options = { dir, businessId: 7, secret, log, now, timeout_ms: ms };
  const storage = await openBusiness(options);
  onTestFinished(() => storage.close());
  return { storage, lines };
}

/** A paired business with two keys, closed again. */
async function paired(dir: string, secret: string | undefined = SECRET): Promise<void> {
  const { storage } = await open(dir, secret);
  const vault = await storage.openAuth(fresh);
  vault.creds.noise = Buffer.from("ours");
  await vault.keys.set({ "pre-key": { 1: { public: Buffer.from("one") } } });
  vault.creds.me = { id: "972521111111:3@s.whatsapp.net" };
  vault.creds.account = { details: new Uint8Array([1, 2, 3]) };
  await vault.saveCreds();
  await vault.keys.set({ session: { "972522222222.0": { chain: Buffer.from("two") } } });
  await vault.close();
  await storage.close();
}

const keysOf = async (vault: { keys: { get(type: string, ids: string[]): Promise<unknown> } }) => [
  await vault.keys.get("pre-key", ["1"]),
  await vault.keys.get("session", ["972522222222.0"]),
];
const bothKeys = [
  { 1: { public: Buffer.from("one") } },
  { "972522222222.0": { chain: Buffer.from("two") } },
];

test("an identity is made once, and comes back with all its keys", async () => {
  const dir = scratch();
  const { storage } = await open(dir);
  const first = await storage.openAuth(fresh);
  expect(first.origin).toEqual({ kind: "new" });
  expect(first.paired()).toBe(false);
  await first.close();
  await storage.close();
  await paired(dir);
  const again = await open(dir);
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
  const { storage } = await open(dir);
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
  const { storage } = await open(dir);
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

test.each(["truncated to nothing", "cut in the middle", "deleted"])(
  "credentials that are %s come from their copy, and it is said",
  async (how) => {
    const dir = scratch();
    await paired(dir);
    const path = join(dir, "business_7/auth/creds");
    if (how === "deleted") rmSync(path);
    else truncateSync(path, how === "cut in the middle" ? statSync(path).size / 2 : 0);
    const copy = readFileSync(`${path}.bak`);
    const { storage, lines } = await open(dir);
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
  const { storage } = await open(dir);
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
  const { storage } = await open(dir);
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
  const { storage } = await open(dir);
  await (await storage.openAuth(fresh)).close();
  for (const name of ["creds", "creds.bak"]) rmSync(join(dir, "business_7/auth", name));
  await expect(storage.openAuth(never)).rejects.toThrow(/creds is gone/);
});

test("from the first save of a pairing on, there are two of it", async () => {
  const [dir, elsewhere] = [scratch(), scratch()];
  const { storage } = await open(dir);
  const vault = await storage.openAuth(fresh);
  vault.creds.me = { id: "1@s.whatsapp.net" };
  vault.creds.account = {};
  await vault.saveCreds();
  cpSync(dir, elsewhere, { recursive: true });
  await vault.close();
  rmSync(join(elsewhere, "business_7/auth/creds"));
  const copy = await (await open(elsewhere)).storage.openAuth(never);
  expect(copy.origin).toMatchObject({ kind: "ok", restored: expect.any(String) });
  expect(copy.paired()).toBe(true);
  await copy.close();
});

test("the whole folder of a paired business gone is corrupt too", async () => {
  const dir = scratch();
  await paired(dir);
  rmSync(join(dir, "business_7/auth"), { recursive: true });
  const { storage } = await open(dir);
  await expect(storage.openAuth(never)).rejects.toThrow(/was paired/);
});

test("damaged keys are made anew from what can be read and the hourly copy", async () => {
  const dir = scratch();
  let hours = 0;
  const clock = () => Date.now() + hours * 3_600_000;
  const { storage } = await open(dir, SECRET, clock);
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
  const sealing = await open(dir);
  const sealed = await sealing.storage.openAuth(never);
  expect(await keysOf(sealed)).toEqual(bothKeys);
  await sealed.close();
  await sealing.storage.close();
  for (const name of ["creds", "creds.bak", "keys", "keys.copy"]) {
    for (const clear of ["9725", Buffer.from("one").toString("base64")]) {
      expect(readFileSync(join(plain, name)).includes(clear), name).toBe(false);
    }
  }
  await expect(open(dir, "another secret, just as long as it")).rejects.toThrow(StorageUnreadable);
  await expect(open(dir, "another secret, just as long as it")).rejects.toThrow(
    "another APP_SECRET",
  );
  await expect(open(dir, "")).rejects.toThrow("APP_SECRET is not set");
  const { storage } = await open(dir);
  const vault = await storage.openAuth(never);
  expect(await keysOf(vault)).toEqual(bothKeys);
  await vault.close();
});

test("on a full disk a save fails, the pairing stays, and the next save works", async () => {
  const dir = scratch();
  await paired(dir);
  const { storage } = await open(dir);
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
  const { storage } = await open(dir);
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

test("saves that come together are few writes, and the last has it all", async () => {
  const dir = scratch();
  await paired(dir);
  const { storage } = await open(dir);
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

test("a disk that hangs rejects after the timeout instead of hanging the session", async () => {
  const dir = scratch();
  await paired(dir);
  const { storage } = await open(dir, SECRET, Date.now, 1_000);
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

test("after a logout nothing of the identity is left, and what came late does not bring it back", async () => {
  const dir = scratch();
  await paired(dir);
  const { storage } = await open(dir);
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
  const again = await open(dir);
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
