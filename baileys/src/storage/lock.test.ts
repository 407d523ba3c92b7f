import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { child, scratch, silent } from "../../test/scratch.ts";
import { StorageLocked } from "./errors.ts";
import { openBusiness } from "./index.ts";
import { lockFolder } from "./lock.ts";

const lock = new URL("./lock.ts", import.meta.url).href;

test("a folder has one owner among processes, and is free at once when that one is killed", async () => {
  const dir = scratch();
  const folder = `${dir}/business_1`;
  mkdirSync(folder);
  const { process, lines } = child(`
    import { lockFolder } from ${JSON.stringify(lock)};
    lockFolder(${JSON.stringify(folder)});
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve)).then(gc);
    console.log("mine");
    setInterval(() => {}, 1000);
  `);
  expect((await lines.next()).value).toBe("mine");
  const second = openBusiness({ dir, businessId: 1, secret: undefined, log: silent });
  await expect(second).rejects.toThrow(StorageLocked);
  await expect(second).rejects.toThrow(`in use by another gateway (process ${process.pid} on `);
  const other = await openBusiness({ dir, businessId: 2, secret: undefined, log: silent });
  await other.close();

  process.kill("SIGKILL");
  await once(process, "exit");
  const heir = await openBusiness({ dir, businessId: 1, secret: undefined, log: silent });
  await heir.close();
});

test("one owner within a process too; asking a second time does not loosen it", async () => {
  const folder = scratch();
  const unlock = lockFolder(folder);
  expect(() => lockFolder(folder)).toThrow(StorageLocked);
  const { lines } = child(`
    import { lockFolder } from ${JSON.stringify(lock)};
    try { lockFolder(${JSON.stringify(folder)}); console.log("taken"); }
    catch (error) { console.log(error.name); }
  `);
  expect((await lines.next()).value).toBe("StorageLocked");
  unlock();
  lockFolder(folder)();
});

test("a lock file with anything in it locks all the same", () => {
  const folder = scratch();
  writeFileSync(`${folder}/lock`, "what a disk in trouble left here ".repeat(40));
  const unlock = lockFolder(folder);
  expect(() => lockFolder(folder)).toThrow(StorageLocked);
  unlock();
});
