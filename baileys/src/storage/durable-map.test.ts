import { readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import {
  diskFull,
  fileHandles,
  scratch,
  silent,
  smallDisk,
  withoutSync,
} from "../../test/scratch.ts";
import { createMap, openMap } from "./durable-map.ts";
import type { DurableMap } from "./durable-map.ts";
import { StorageCorrupt, StorageUnreadable } from "./errors.ts";
import { createSealer } from "./sealer.ts";

const bytes = (text: string) => Buffer.from(text);
const put = (map: DurableMap, key: string, text: string | null) =>
  map.write([[key, text === null ? null : bytes(text)]]);

function options(path: string, secret?: string) {
  return { path, sealer: createSealer(secret, 1), log: silent, now: () => 1_000 };
}

async function content(map: DurableMap): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [key] of map.entries()) found[key] = (await map.get(key))!.toString();
  return found;
}

/** Closed again: `state[i]` is what is in the map after the first `ends[i]` bytes. */
async function madeFile(path: string, secret?: string) {
  const map = await createMap(options(path, secret));
  const ends = [(await stat(path)).size];
  const states: Record<string, string>[] = [{}];
  const steps: [string, string | null][][] = [
    [["a", "one"]],
    [
      ["b", "two"],
      ["c", "three"],
    ],
    [["a", "four"]],
    [
      ["b", null],
      ["d", "five"],
    ],
    [["e", "six"]],
  ];
  for (const step of steps) {
    await map.write(step.map(([key, text]) => [key, text === null ? null : bytes(text)] as const));
    ends.push((await stat(path)).size);
    states.push(await content(map));
  }
  await map.close();
  return { ends, states, whole: await readFile(path) };
}

test("what was written is there after a restart, in order", async () => {
  const path = join(scratch(), "log");
  const { states } = await madeFile(path);
  const replayed: unknown[] = [];
  const map = await openMap({
    ...options(path),
    onReplay: (key, value) => replayed.push([key, value?.toString() ?? null]),
  });
  expect(await content(map)).toEqual({ a: "four", c: "three", d: "five", e: "six" });
  expect(await content(map)).toEqual(states.at(-1));
  expect(replayed.slice(0, 4)).toEqual([
    ["a", "one"],
    ["b", "two"],
    ["c", "three"],
    ["a", "four"],
  ]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await map.close();
  await expect(put(map, "late", "x")).rejects.toThrow("closed");
});

test("many writes share few trips to the disk, each resolving after its own", async () => {
  const map = await createMap(options(join(scratch(), "log")));
  const datasync = vi.spyOn(await fileHandles(), "datasync");
  const stamps = await Promise.all(Array.from({ length: 500 }, (_, i) => put(map, `k${i}`, "v")));
  expect(datasync.mock.calls.length).toBeLessThan(5);
  expect(new Set(stamps).size).toBe(500);
  expect(map.size()).toBe(500);
  await map.close();
});

test("nothing is acknowledged, nor to be seen, before the disk has it", async () => {
  const map = await createMap(options(join(scratch(), "log")));
  let release = () => {};
  const stuck = new Promise<void>((resolve) => (release = resolve));
  const datasync = vi.spyOn(await fileHandles(), "datasync").mockReturnValue(stuck);
  const acknowledged = vi.fn<() => void>();
  const writing = put(map, "k", "v").then(acknowledged);
  await vi.waitFor(() => expect(datasync).toHaveBeenCalled());
  expect(map.has("k")).toBe(false);
  expect(acknowledged).not.toHaveBeenCalled();
  release();
  await writing;
  expect(map.has("k")).toBe(true);
  await map.close();
});

test.each([undefined, "a secret of some length, for all to see"])(
  "cut at any byte, the writes before are there and the cut one is not (secret: %s)",
  async (secret) => {
    await withoutSync();
    const dir = scratch();
    const { ends, states, whole } = await madeFile(join(dir, "log"), secret);
    const path = join(dir, "cut");
    for (let length = 0; length <= whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      if (length < ends[0]!) {
        await expect(openMap(options(path, secret))).rejects.toThrow(StorageCorrupt);
        continue;
      }
      const map = await openMap(options(path, secret));
      const whole_writes = ends.filter((end) => end <= length).length - 1;
      expect(await content(map), `cut at ${length}`).toEqual(states[whole_writes]);
      await put(map, "after", "more");
      await map.close();
      const again = await openMap(options(path, secret));
      expect(await content(again)).toEqual({ ...states[whole_writes], after: "more" });
      await again.close();
    }
  },
);

test("a power cut that left the last write as zeros, whole or in part, is a cut", async () => {
  const dir = scratch();
  const { ends, states, whole } = await madeFile(join(dir, "log"));
  const path = join(dir, "zeros");
  const last = ends.at(-2)!;
  await writeFile(path, Buffer.concat([whole.subarray(0, last), Buffer.alloc(700)]));
  const map = await openMap(options(path));
  expect(await content(map)).toEqual(states.at(-2));
  await map.close();
  expect((await stat(path)).size).toBe(last);
});

test("a changed byte is damage, wherever it is, and never another value", async () => {
  const dir = scratch();
  const { whole } = await madeFile(join(dir, "log"));
  const path = join(dir, "flipped");
  for (let at = 0; at < whole.length; at++) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 0x10;
    await writeFile(path, flipped);
    const opened = openMap(options(path));
    await expect(opened, `changed at ${at}`).rejects.toThrow(/is damaged at|encrypted/);
  }
});

test("a sector that became zeros is damage when there are writes behind it, else a cut", async () => {
  const path = join(scratch(), "log");
  const map = await createMap(options(path));
  for (const key of ["a", "b", "c"]) await put(map, key, key.repeat(2_000));
  await map.close();
  const whole = await readFile(path);
  for (const [sector, damage] of [
    [4, true],
    [10, false],
  ] as const) {
    await writeFile(path, Buffer.from(whole).fill(0, sector * 512, (sector + 1) * 512));
    const opened = openMap(options(path));
    if (damage) {
      await expect(opened).rejects.toThrow(StorageCorrupt);
      continue;
    }
    const mended = await opened;
    expect([...mended.entries()].map(([key]) => key)).toEqual(["a", "b"]);
    await mended.close();
  }
});

test("a disk that fills up loses nothing, refuses, and takes more when there is room", async () => {
  const path = join(scratch(), "log");
  const { states } = await madeFile(path);
  const before = await readFile(path);
  const map = await openMap(options(path));
  const full = await diskFull();
  await expect(put(map, "x", "does not fit")).rejects.toThrow("ENOSPC");
  expect(await content(map)).toEqual(states.at(-1));
  full.restore();
  expect(await readFile(path)).toEqual(before);
  await put(map, "y", "fits");
  await map.close();
  const again = await openMap(options(path));
  expect(await content(again)).toEqual({ ...states.at(-1), y: "fits" });
  await again.close();
});

test("the half of a refused write that can't be cut off at once is cut off later", async () => {
  const path = join(scratch(), "log");
  await madeFile(path);
  const map = await openMap(options(path));
  const full = await diskFull();
  const stuck = vi.spyOn(await fileHandles(), "truncate").mockRejectedValue(new Error("EIO"));
  await expect(put(map, "x", "does not fit ".repeat(20))).rejects.toThrow("ENOSPC");
  full.restore();
  await expect(put(map, "y", "not yet")).rejects.toThrow("EIO");
  stuck.mockRestore();
  await put(map, "z", "short");
  await map.close();
  const again = await openMap(options(path));
  expect(await content(again)).toMatchObject({ a: "four", z: "short" });
  expect(again.has("x") || again.has("y")).toBe(false);
  await again.close();
});

test("a disk that is really full (where one can be mounted)", async ({ skip }) => {
  const dir = smallDisk(scratch(), 256);
  if (!dir) return skip("no right to mount");
  const path = join(dir, "log");
  const map = await createMap(options(path));
  const acknowledged: string[] = [];
  let refused = 0;
  await writeFile(join(dir, "ballast"), Buffer.alloc(64 * 1024));
  for (let i = 0; i < 60; i++) {
    await put(map, `k${i}`, "x".repeat(5_000)).then(
      () => acknowledged.push(`k${i}`),
      (error: NodeJS.ErrnoException) => {
        expect(error.code).toBe("ENOSPC");
        refused += 1;
      },
    );
  }
  expect(refused).toBeGreaterThan(10);
  await truncate(join(dir, "ballast"), 0);
  await put(map, "room", "again");
  await map.close();
  const again = await openMap(options(path));
  expect([...again.entries()].map(([key]) => key)).toEqual([...acknowledged, "room"]);
  await again.close();
});

test("a file is rewritten when most of it is of no use, and goes on while it is", async () => {
  const path = join(scratch(), "log");
  const map = await createMap(options(path, "some secret"));
  const value = "x".repeat(20_000);
  await put(map, "kept", "from the beginning");
  for (let i = 0; i < 150; i++) {
    const [key, other] = [`k${i % 3}`, put(map, "gone", "soon")];
    await Promise.all([put(map, key, value + i), other]);
  }
  await put(map, "gone", null);
  expect((await stat(path)).size).toBeLessThan(2_000_000);
  const expected = {
    kept: "from the beginning",
    k0: value + 147,
    k1: value + 148,
    k2: value + 149,
  };
  expect(await content(map)).toEqual(expected);
  await map.close();
  const again = await openMap(options(path, "some secret"));
  expect(await content(again)).toEqual(expected);
  await again.close();
});

test("with a rewrite that fails on the way, the file stays as it was and goes on", async () => {
  const path = join(scratch(), "log");
  const map = await createMap(options(path));
  const sync = vi.spyOn(await fileHandles(), "sync").mockRejectedValue(new Error("EIO"));
  for (let i = 0; i < 70; i++) await put(map, "k", "x".repeat(20_000) + i);
  expect(sync).toHaveBeenCalled();
  expect((await stat(path)).size).toBeGreaterThan(1_300_000);
  expect(await content(map)).toEqual({ k: "x".repeat(20_000) + 69 });
  await map.close();
});

test("a secret that appears seals what was plain; then no other opens it", async () => {
  const path = join(scratch(), "log");
  const { states } = await madeFile(path);
  expect((await readFile(path)).includes("three")).toBe(true);
  const map = await openMap(options(path, "now there is one"));
  expect(await content(map)).toEqual(states.at(-1));
  await map.close();
  expect((await readFile(path)).includes("three")).toBe(false);
  const other = openMap(options(path, "another"));
  await expect(other).rejects.toThrow(StorageUnreadable);
  await expect(other).rejects.toThrow(/another APP_SECRET/);
  await expect(openMap(options(path))).rejects.toThrow(/APP_SECRET is not set/);
  const elsewhere = { ...options(path), sealer: createSealer("now there is one", 2) };
  await expect(openMap(elsewhere)).rejects.toThrow(/for another business/);
});
