import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { diskFull, scratch, silent } from "../../test/scratch.ts";
import { openBusiness, storedBusinesses } from "./index.ts";
import type { InboxHead } from "./index.ts";

async function open(dir: string, businessId = 1) {
  const storage = await openBusiness({ dir, businessId, secret: undefined, log: silent });
  onTestFinished(() => storage.close());
  return storage;
}

test("what was recorded waits, in order and over restarts, until it is done", async () => {
  const dir = scratch();
  const first = await open(dir);
  const heard: InboxHead[] = [];
  first.inbox.onRecord((head) => void heard.push(head));
  for (const key of ["m1", "m2", "m3"]) {
    expect(await first.inbox.record({ key, thread: `t${key}`, data: { of: key } })).toBe(true);
  }
  expect(heard.map(({ key }) => key)).toEqual(["m1", "m2", "m3"]);
  await first.inbox.done("m2");
  await first.close();

  const { inbox } = await open(dir);
  expect(inbox.waiting()).toEqual([heard[0], heard[2]]);
  expect(await inbox.read("m3")).toEqual({ key: "m3", thread: "tm3", data: { of: "m3" } });
  expect(await inbox.read("m2")).toBeUndefined();
});

test("bytes come back as bytes, wherever they stand", async () => {
  const { inbox } = await open(scratch());
  const data = { list: [new Uint8Array([0, 255]), null], deep: { er: Buffer.from("כן") }, n: 1.5 };
  await inbox.record({ key: "k", thread: "t", data });
  expect((await inbox.read("k"))?.data).toEqual({
    list: [Buffer.from([0, 255]), null],
    deep: { er: Buffer.from("כן") },
    n: 1.5,
  });
});

test("the same key at once or again is one record, and nobody is told so before it is written", async () => {
  const { inbox } = await open(scratch());
  const entry = { key: "m", thread: "t", data: 1 };
  const twice = await Promise.all([inbox.record(entry), inbox.record(entry)]);
  expect(twice).toEqual([true, false]);
  expect(await inbox.record(entry)).toBe(false);
  expect(inbox.waiting()).toHaveLength(1);

  const full = await diskFull();
  const both = [inbox.record({ ...entry, key: "n" }), inbox.record({ ...entry, key: "n" })];
  const outcomes = await Promise.allSettled(both);
  full.restore();
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await inbox.record({ ...entry, key: "n" })).toBe(true);
});

test("of a damaged journal the rest is kept in use, and it is said", async () => {
  const dir = scratch();
  const { inbox, close } = await open(dir);
  for (const key of ["m1", "m2", "m3"]) await inbox.record({ key, thread: "t", data: "x" });
  await inbox.done("m1");
  await close();
  const path = join(dir, "business_1/journal/inbox");
  const bytes = readFileSync(path);
  bytes[bytes.indexOf("m2")]! ^= 1;
  writeFileSync(path, bytes);
  const mended = await open(dir);
  expect(mended.inbox.waiting().map(({ key }) => key)).toEqual(["m3"]);
  expect(mended.notices).toEqual([expect.stringMatching(/inbox is damaged at byte .* 1 records/)]);
  await mended.close();
  expect(readFileSync(`${path}.damaged`)).toEqual(bytes);
});

test.each(["truncated", "deleted"])(
  "a journal that is %s is begun anew, and it is said",
  async (how) => {
    const dir = scratch();
    const first = await open(dir);
    await first.inbox.record({ key: "m", thread: "t", data: "x" });
    await first.sends.accept({ idempotencyKey: "k", body: {} });
    await first.close();
    const path = join(dir, "business_1/journal/inbox");
    if (how === "deleted") rmSync(path);
    else truncateSync(path, 0);
    const { inbox, sends, notices } = await open(dir);
    expect(notices).toHaveLength(1);
    expect(existsSync(`${path}.damaged`)).toBe(how === "truncated");
    expect(inbox.waiting()).toEqual([]);
    expect(await inbox.record({ key: "m", thread: "t", data: "x" })).toBe(true);
    expect(sends.pending()).toHaveLength(1);
  },
);

test("businesses that are stored are found, and nothing else", async () => {
  const dir = scratch();
  expect(await storedBusinesses(join(dir, "not there"))).toEqual([]);
  for (const id of [12, 3]) await open(dir, id);
  writeFileSync(join(dir, "business_x"), "");
  expect(await storedBusinesses(dir)).toEqual([3, 12]);
});
