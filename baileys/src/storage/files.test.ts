import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { diskFull, fileHandles, scratch } from "../../test/scratch.ts";
import { linkAs, makeFolder, replaceFile, writeAll } from "./files.ts";

const write = (text: string) => (file: FileHandle) => writeAll(file, Buffer.from(text), 0);

test("a file is replaced after its bytes are on the disk, and its name is before it is told", async () => {
  const path = join(scratch(), "file");
  await writeFile(path, "before");
  const seen: [boolean, string][] = [];
  vi.spyOn(await fileHandles(), "sync").mockImplementation(async function (this: FileHandle) {
    seen.push([(await this.stat()).isDirectory(), await readFile(path, "utf8")]);
  });
  await replaceFile(path, write("after"));
  expect(seen).toEqual([
    [false, "before"],
    [true, "after"],
  ]);
});

test("when it can't be written, what was there stays and nothing lies about", async () => {
  const dir = scratch();
  const path = join(dir, "file");
  await writeFile(path, "before");
  const full = await diskFull();
  await expect(replaceFile(path, write("after"))).rejects.toThrow("ENOSPC");
  full.restore();
  expect(await readFile(path, "utf8")).toBe("before");
  expect(await readdir(dir)).toEqual(["file"]);
});

test("a second name keeps what was there, in the place of what it named before", async () => {
  const path = join(scratch(), "file");
  expect(await linkAs(path, `${path}.bak`)).toBe(false);
  for (const text of ["one", "two", "three"]) {
    await replaceFile(path, write(text), {
      ready: async () => void (await linkAs(path, `${path}.bak`)),
    });
  }
  expect(await readFile(`${path}.bak`, "utf8")).toBe("two");
});

test("folders are for this user only", async () => {
  const path = join(scratch(), "a/b/c");
  await makeFolder(path);
  await makeFolder(path);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
});
