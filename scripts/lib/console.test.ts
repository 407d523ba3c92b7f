import { mkdtemp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { buildConsole } from "./console.ts";

/** Stands for vite: counts its runs and writes what it was given. */
const BUILD = `
import { appendFileSync, cpSync, mkdirSync, readFileSync } from "node:fs";
const out = process.argv[process.argv.indexOf("--outDir") + 1];
appendFileSync("../runs", "x");
if (readFileSync("src/main.ts", "utf8") === "broken") { console.error("no such word"); process.exit(1); }
mkdirSync(out, { recursive: true });
cpSync("src/main.ts", out + "/main.js");
`;

let root: string;
const signal = new AbortController().signal;
const said: string[] = [];
const build = () => buildConsole(root, signal, (line) => said.push(line));
const runs = async () => (await readFile(join(root, "runs"), "utf8").catch(() => "")).length;
const source = (text: string) => writeFile(join(root, "frontend/src/main.ts"), text);
const built = () => readFile(join(root, "frontend/dist/main.js"), "utf8");

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentlocator-build-"));
  await mkdir(join(root, "frontend/src"), { recursive: true });
  const scripts = { build: "node build.mjs" };
  await writeFile(join(root, "frontend/package.json"), JSON.stringify({ scripts }));
  await writeFile(join(root, "frontend/build.mjs"), BUILD);
  await source("one");
});

afterEach(() => rm(root, { recursive: true, force: true }));

test("the console is built once, and again when a source changes", async () => {
  await build();
  await build();
  expect(await runs()).toBe(1);
  expect(await built()).toBe("one");
  await source("two");
  await build();
  expect(await runs()).toBe(2);
  expect(await built()).toBe("two");
});

test("tests and generated files do not make it build again", async () => {
  await build();
  await writeFile(join(root, "frontend/src/main.test.ts"), "");
  await mkdir(join(root, "frontend/src/api/generated"), { recursive: true });
  await writeFile(join(root, "frontend/src/api/generated/client.ts"), "");
  await build();
  expect(await runs()).toBe(1);
});

test("a build that fails says why, and leaves what was built before", async () => {
  await build();
  await source("broken");
  await expect(build()).rejects.toThrow(/no such word/);
  expect(await built()).toBe("one");
  expect((await readdir(join(root, "frontend"))).toSorted()).toEqual(
    ["build.mjs", "dist", "package.json", "src"].toSorted(),
  );
  await expect(build()).rejects.toThrow(/could not be built/);
});
