import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Service, supervise } from "./supervise.ts";

let dir: string;
let service: Service | undefined;
let said: string[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "supervise-"));
  said = [];
});
afterEach(async () => {
  await service?.stop(5_000);
  await rm(dir, { recursive: true, force: true });
});

/** Runs `source`, in which `run` counts the times it was started, until it says that it is up. */
async function watch(source: string, give_up_after = 3) {
  const module = join(dir, "module.mjs");
  const count = `
    import { appendFileSync, readFileSync } from "node:fs";
    appendFileSync(${JSON.stringify(join(dir, "runs"))}, "x");
    const run = readFileSync(${JSON.stringify(join(dir, "runs"))}, "utf8").length;
    const up = () => { process.send("up"); setInterval(() => {}, 1000); };
    process.on("disconnect", () => process.exit());
  `;
  await writeFile(module, count + source);
  const up = Promise.withResolvers<string>();
  const env = { PATH: process.env["PATH"] };
  service = supervise({
    ...{ name: "It", module, env, restart_ms: 1, give_up_after },
    onMessage: (message) => up.resolve(`${message}`),
    say: (line) => void said.push(line),
  });
  return Promise.race([up.promise, service.gave_up]);
}

test("what can't start yet is tried until it can, and that is said once", async () => {
  expect(await watch("if (run < 6) process.exit(75); up();")).toBe("up");
  expect(said).toEqual(["It can't start yet; it is tried until it can."]);
});

test("what dies before it is up, for another reason, is given up", async () => {
  expect(await watch("process.exit(run === 1 ? 75 : 7);")).toBe(7);
  expect(said.at(-1)).toBe("It ended with code 7.");
});

test("what was up is started again, and given up when it does not stay up", async () => {
  await watch("up(); if (run < 9) setTimeout(() => process.exit(1), 20);");
  expect(await service?.gave_up).toBe(1);
  expect(said.filter((line) => line.includes("starting it again"))).toHaveLength(2);
});
