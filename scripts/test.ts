import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { buildConsole } from "./lib/console.ts";
import { countTests } from "./lib/count-tests.ts";

const root = resolve(import.meta.dirname, "..");
/** `appliance`: that part alone. It has a command of its own, scripts/test-appliance. */
const part = process.argv[2] ?? "tests";
const appliance = part === "appliance";
const report = join(root, `.cache/test-results-${part}.json`);
const CHECKS = appliance ? [] : ["format", "lint", "types", "boundaries", "unused"];
const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Runs a command with its output shown; true when it worked. */
async function run(command: string, args: string[]): Promise<boolean> {
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  const [code] = await once(child, "exit");
  return code === 0;
}

let passed = 0;
let failed = 0;
const count = (name: string, ok: boolean) => {
  if (ok) passed += 1;
  else failed += 1;
  say(`${ok ? "ok" : "FAILED"}: ${name}`);
};

if (!appliance) {
  const never = new AbortController().signal;
  const built = await buildConsole(root, never, say).catch((error: unknown) => error);
  if (built) say(String(built));
  count("build", !built);
}

for (const check of CHECKS) count(check, await run("npm", ["run", "--silent", check]));

await rm(report, { force: true });
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
const vitest = join(root, "node_modules/vitest/vitest.mjs");
const project = appliance ? "--project=appliance" : "--project=!appliance";
const green = await run(process.execPath, [vitest, "run", project, ...reporters]);
const tests = countTests(await readFile(report, "utf8").catch(() => ""));
passed += tests.passed;
failed += tests.failed;
// Errors outside of tests, and a run that wrote no report, are failures too.
if (!green && tests.failed === 0) count("test run", false);

const summary = `${passed} passed, ${failed} failed`;
await writeFile(join(root, `.cache/test-summary-${part}`), `${summary}\n`);
say(summary);
process.exit(failed === 0 ? 0 : 1);
