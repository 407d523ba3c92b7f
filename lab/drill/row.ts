import { setTimeout as sleep } from "node:timers/promises";
import type { Simulated } from "../appliance/simulated.ts";
import { readBooks } from "./books.ts";
import type { Fault } from "./faults/index.ts";
import { judge, type Times, type Verdict } from "./judge.ts";
import type { Stack } from "./stack.ts";
import type { Row } from "./table.ts";

const LOAD = { lanes: 4, writers: 6 };
const WARM_MS = 9_000;
const AFTER_MS = 12_000;
const HEALTHY_MS = 120_000;
/** What waits is done by then, or it is lost. */
const SETTLED_MS = 90_000;
const LOOK_MS = 2_000;

/** Calls and messages flow; the fault strikes; what was noticed, what is lost, how long it took. */
export async function drill(stack: Stack, simulated: Simulated, fault: Fault): Promise<Row> {
  const row = Date.now();
  await simulated.load(LOAD);
  await sleep(WARM_MS);
  const at = Date.now();
  const wrong = await fault.run(stack, simulated).catch((error: Error) => [firstLine(error)]);
  const held_ms = Date.now() - at;
  const ill = await stack.healthy(HEALTHY_MS).then(
    () => [],
    (error: Error) => [firstLine(error)],
  );
  const healthy_ms = Date.now() - at;
  await sleep(AFTER_MS);
  await simulated.quiet();
  const verdict = await settled(stack, simulated, { row, fault: at });
  const lost = [...(wrong ?? []), ...ill, ...verdict.lost];
  return { ...verdict, lost, title: fault.title, held_ms, healthy_ms };
}

/** The verdict as soon as nothing is missing, or when nothing more will come. */
async function settled(stack: Stack, simulated: Simulated, times: Times): Promise<Verdict> {
  const until = Date.now() + SETTLED_MS;
  for (;;) {
    const [report, books] = await Promise.all([
      simulated.report(),
      readBooks(stack, times.row).catch((error: Error) => error),
    ]);
    if (!(books instanceof Error)) {
      const verdict = judge(report, books, times);
      if (verdict.lost.length === 0 || Date.now() > until) return verdict;
    } else if (Date.now() > until) throw books;
    await sleep(LOOK_MS);
  }
}

const firstLine = ({ message }: Error) => message.split("\n", 1)[0]!;
