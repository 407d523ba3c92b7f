import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { StreamTarget } from "../load/caller.ts";
import type { Meter } from "../figures/meter.ts";
import type { Fleet } from "../load/fleet.ts";
import type { Side } from "./side.ts";

/** Calls do not come all at once. */
const between_calls_ms = 40;
const settle_ms = 3_000;
const rest_ms = 1_000;
const resolution_ms = 10;

/** One side's turn. */
export interface Phase {
  /** While all calls were up. */
  cpu_ms_per_call_minute: number;
  /** For a call's beginning and end, over what it costs while it is up. */
  cpu_ms_per_call: number;
  rss_bytes: number;
  loop_p99_ms: number;
  loop_max_ms: number;
  /** The load's own event loop, which adds to every latency. */
  load_loop_p99_ms: number;
}

/** Places the calls, measures while all of them are up, hangs up. */
export async function runPhase(options: {
  side: Side;
  fleet: Fleet;
  meter: Meter;
  calls: number;
  seconds: number;
}): Promise<Phase> {
  const { side, fleet, meter, calls, seconds } = options;
  const own_delay = monitorEventLoopDelay({ resolution: resolution_ms });
  const before = await side.sample();
  let call_ms = 0;
  const began: number[] = [];
  const targets: StreamTarget[] = [];
  for (let i = 0; i < calls; i++) {
    const target = await side.answer(i);
    await fleet.connect(target, meter, side.least_in_hand_ms);
    targets.push(target);
    began.push(performance.now());
    await sleep(between_calls_ms);
  }
  await sleep(settle_ms);

  const from = await side.sample();
  const from_at = performance.now();
  own_delay.enable();
  meter.measuring = true;
  await sleep(seconds * 1000);
  meter.measuring = false;
  own_delay.disable();
  const to = await side.sample();
  const window_ms = performance.now() - from_at;

  const ended_at = performance.now();
  await fleet.hangUp();
  for (const at of began) call_ms += ended_at - at;
  await side.over(targets);
  await sleep(rest_ms);
  const after = await side.sample();

  const cpu_per_call_ms = (to.cpu_ms - from.cpu_ms) / (calls * window_ms);
  const whole_ms = after.cpu_ms - before.cpu_ms;
  return {
    cpu_ms_per_call_minute: cpu_per_call_ms * 60_000,
    cpu_ms_per_call: (whole_ms - cpu_per_call_ms * call_ms) / calls,
    rss_bytes: to.rss_bytes,
    loop_p99_ms: to.loop_p99_ms,
    loop_max_ms: to.loop_max_ms,
    load_loop_p99_ms: Math.max(0, own_delay.percentile(99) / 1e6 - resolution_ms),
  };
}
