#!/usr/bin/env node
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { report } from "./figures/report.ts";
import { runBench } from "./run/bench.ts";

const help = `Usage: node lab/bench/calls.ts [--calls N] [--seconds S] [--rounds R] [--profile DIR]

Runs N calls at the pace of speech through the real backend with a real PostgreSQL, and the same
calls through a bare WebSocket relay, in turns, and prints what both took as a Markdown table.

  --calls N      calls at a time; default 100
  --seconds S    measured time of each turn, with all calls up; default 20
  --rounds R     turns of each side; default 3
  --profile DIR  leave a CPU profile of each side there (slows both down)
  --help         this text

Exit code: 0 when it was measured, whatever the figures.`;

const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "100" },
    seconds: { type: "string", default: "20" },
    rounds: { type: "string", default: "3" },
    profile: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

function whole(name: "calls" | "seconds" | "rounds"): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value > 0) return value;
  process.stderr.write(`--${name} must be a whole number above 0\n`);
  process.exit(2);
}

if (values.help) {
  process.stdout.write(`${help}\n`);
  process.exit(0);
}
const amount = { calls: whole("calls"), seconds: whole("seconds"), rounds: whole("rounds") };
const data_dir = await mkdtemp(join(tmpdir(), "agentlocator-bench-"));
try {
  const measured = await runBench({
    ...amount,
    data_dir,
    profile_dir: values.profile ?? null,
    say: (line) => void process.stderr.write(`${line}\n`),
  });
  process.stdout.write(`${report(measured, amount)}\n`);
} finally {
  await rm(data_dir, { recursive: true, force: true });
}
