import { openSync, closeSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { seeded } from "../../speech/random.ts";
import { Meter } from "../figures/meter.ts";
import { Fleet } from "../load/fleet.ts";
import { LoadModel } from "../load/model.ts";
import { Traces } from "../load/trace.ts";
import { runPhase, type Phase } from "./phase.ts";
import { startProduct } from "./product-side.ts";
import { startRelay } from "./relay-side.ts";
import type { Side } from "./side.ts";

export interface BenchOptions {
  /** Calls at a time. */
  calls: number;
  /** Length of each measured stretch, with all calls up. */
  seconds: number;
  /** How often each side has its turn. */
  rounds: number;
  data_dir: string;
  /** Where to leave CPU profiles; null for none. */
  profile_dir: string | null;
  say(line: string): void;
}

/** What came of one side. */
export interface Measured {
  name: string;
  meter: Meter;
  idle_rss_bytes: number;
  phases: Phase[];
}

/**
 * Runs the same traffic through the product and through the bare relay in turns. The load is made
 * by this process; each side is a process of its own.
 */
export async function runBench(
  options: BenchOptions,
): Promise<{ product: Measured; relay: Measured }> {
  const { calls, data_dir, profile_dir, say } = options;
  await mkdir(data_dir, { recursive: true });
  if (profile_dir) await mkdir(profile_dir, { recursive: true });
  const traces = new Traces();
  const random = seeded(11);
  const stray = new Meter();
  const model = await new LoadModel({
    traces,
    random,
    anomaly: (kind) => stray.anomaly(kind),
  }).start();
  const log_fd = openSync(join(data_dir, "bench.log"), "w");
  const fleet = new Fleet(traces);
  const sides: Side[] = [];
  try {
    say("starting PostgreSQL, the backend and the relay …");
    sides.push(await startProduct({ model, calls, data_dir, log_fd, profile_dir }));
    sides.push(await startRelay({ model, log_fd, profile_dir }));
    fleet.start();
    const measured: Measured[] = [];
    for (const side of sides) {
      // The first calls record the greeting and let the code get warm.
      const warm = { calls: Math.min(calls, 10), seconds: Math.min(options.seconds, 4) };
      await runPhase({ side, fleet, meter: new Meter(), ...warm });
      const { rss_bytes } = await side.sample();
      const { name } = side;
      measured.push({ name, meter: new Meter(), idle_rss_bytes: rss_bytes, phases: [] });
    }
    for (let round = 0; round < options.rounds; round++) {
      // The order changes, so that neither side always comes first.
      const order = round % 2 === 0 ? [0, 1] : [1, 0];
      for (const which of order) {
        const side = sides[which]!;
        const { meter, phases } = measured[which]!;
        const phase = await runPhase({ side, fleet, meter, calls, seconds: options.seconds });
        phases.push(phase);
        const cpu = (phase.cpu_ms_per_call_minute / 1000).toFixed(3);
        say(`round ${round + 1}: ${side.name} took ${cpu} CPU seconds per call-minute`);
      }
    }
    const [product, relay] = measured as [Measured, Measured];
    for (const [kind, count] of stray.anomalies) say(`model: ${kind}: ${count}`);
    return { product, relay };
  } finally {
    await fleet.hangUp();
    fleet.stop();
    for (const side of sides.toReversed()) await side.stop();
    await model.stop();
    closeSync(log_fd);
    await sleep(0);
  }
}
