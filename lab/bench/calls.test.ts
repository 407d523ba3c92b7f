import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { report } from "./figures/report.ts";
import { runBench } from "./run/bench.ts";

let data_dir: string;
beforeAll(async () => {
  data_dir = await mkdtemp(join(tmpdir(), "agentlocator-bench-"));
});
afterAll(() => rm(data_dir, { recursive: true, force: true }));

test("both sides carry the same calls, and every row of the table has its figure", async () => {
  const said: string[] = [];
  const size = { calls: 2, seconds: 1, rounds: 1 };
  const say = (line: string) => void said.push(line);
  const measured = await runBench({ ...size, data_dir, profile_dir: null, say });
  for (const { meter } of [measured.product, measured.relay]) {
    expect(Object.fromEntries(meter.anomalies)).toEqual({});
    // 50 frames a second of each call; some are on their way when the measuring ends.
    expect(meter.up.distribution().count).toBeGreaterThan(70);
  }
  expect(measured.product.meter.greeting.distribution().count).toBe(2);
  const table = report(measured, size);
  expect(table).toContain("| CPU per call-minute |");
  expect(table).not.toMatch(/NaN|undefined/);
  expect(said.some((line) => line.startsWith("round 1: AgentLocator"))).toBe(true);
});
