import { cpus } from "node:os";
import type { Measured } from "../run/bench.ts";
import { median, type Distribution } from "./samples.ts";

/** What the figures should be, with everything on. */
const aims = {
  cpu_ratio: "≤ 1.25",
  added_p99: "p99 < 5 ms",
  quiet: "≤ 250 ms",
  confirmed: "≤ 400 ms",
  greeting: "≤ 20 ms",
} as const;

/** The ratio of each round, smallest first. */
export function cpuRatios(product: Measured, relay: Measured): number[] {
  return product.phases
    .map((phase, i) => {
      return phase.cpu_ms_per_call_minute / (relay.phases[i]?.cpu_ms_per_call_minute ?? NaN);
    })
    .toSorted((a, b) => a - b);
}

/** The whole run as Markdown. */
export function report(
  { product, relay }: { product: Measured; relay: Measured },
  options: { calls: number; seconds: number; rounds: number },
): string {
  const ratios = cpuRatios(product, relay);
  const range = `${ratios[0]?.toFixed(2)}–${ratios.at(-1)?.toFixed(2)}`;
  const cpu = median(ratios).toFixed(2);
  const rows = [
    ["", product.name, relay.name, "ratio", "aim"],
    ["---", "---", "---", "---", "---"],
    row("CPU per call-minute", both(product, relay, cpuMinute), cpu, aims.cpu_ratio),
    row("CPU for a call's beginning and end", both(product, relay, cpuCall)),
    row("added latency, caller → model", both(product, relay, up), "", aims.added_p99),
    row(
      "added latency, model → caller, first frame",
      both(product, relay, first),
      "",
      aims.added_p99,
    ),
    row("added latency, model → caller, at the ear", both(product, relay, ear), "", aims.added_p99),
    row("behind the pacer's schedule", [spread(product.meter.pacing.distribution()), "–"]),
    row(
      "greeting, after `start`",
      [spread(product.meter.greeting.distribution()), "–"],
      "",
      aims.greeting,
    ),
    row("barge-in: line quiet", [spread(product.meter.quiet.distribution()), "–"], "", aims.quiet),
    row(
      "barge-in: confirmed",
      [spread(product.meter.confirmed.distribution()), "–"],
      "",
      aims.confirmed,
    ),
    row("– quiet, from the first sound", [
      spread(product.meter.quiet_from_sound.distribution()),
      "–",
    ]),
    row("– confirmed, from the first sound", [
      spread(product.meter.confirmed_from_sound.distribution()),
      "–",
    ]),
    row("event loop's delay, p99", both(product, relay, loop)),
    row("memory (RSS)", both(product, relay, rss)),
    row(
      "memory per call",
      both(product, relay, (side) => rssCall(side, options.calls)),
    ),
    row(
      "agent's audio per call",
      both(product, relay, (side) => talk(side)),
    ),
  ];
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}, Linux`;
  const lines = [
    `${options.calls} calls at a time, ${options.rounds} rounds of ${options.seconds} s for each side in turns, on ${machine}.`,
    `Latencies are p50 / p99 / max. CPU is the median of the rounds; the ratio ranged over ${range}.`,
    `The load's own event loop was up to ${loadDelay(product, relay)} ms late (p99), which is in every latency.`,
    "",
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
    "",
    ...anomalies(product),
    ...anomalies(relay),
  ];
  return lines.join("\n");
}

function row(name: string, [ours, theirs]: [string, string], ratio = "", aim = ""): string[] {
  return [name, ours, theirs, ratio, aim];
}

function both(a: Measured, b: Measured, tell: (side: Measured) => string): [string, string] {
  return [tell(a), tell(b)];
}

const up = ({ meter }: Measured) => spread(meter.up.distribution());
const first = ({ meter }: Measured) => spread(meter.first_frame.distribution());
const ear = ({ meter }: Measured) => spread(meter.at_ear.distribution());
const cpuMinute = ({ phases }: Measured) =>
  `${(median(phases.map((phase) => phase.cpu_ms_per_call_minute)) / 1000).toFixed(3)} s`;
const cpuCall = ({ phases }: Measured) =>
  `${median(phases.map((phase) => phase.cpu_ms_per_call)).toFixed(1)} ms`;
const loop = ({ phases }: Measured) =>
  `${median(phases.map((phase) => phase.loop_p99_ms)).toFixed(1)} ms`;
const rss = ({ phases }: Measured) => megabytes(largest(phases.map((phase) => phase.rss_bytes)));

function rssCall({ phases, idle_rss_bytes }: Measured, calls: number): string {
  const more = largest(phases.map((phase) => phase.rss_bytes)) - idle_rss_bytes;
  return `${(more / calls / 1024).toFixed(0)} kB`;
}

function talk({ meter }: Measured): string {
  return `${((100 * meter.down_audio_ms) / Math.max(1, meter.up_audio_ms)).toFixed(0)} % of the time`;
}

function spread({ count, p50, p99, max }: Distribution): string {
  if (count === 0) return "–";
  const digits = p99 < 20 ? 2 : 0;
  return `${[p50, p99, max].map((ms) => ms.toFixed(digits)).join(" / ")} ms (n = ${count})`;
}

function loadDelay(...sides: Measured[]): string {
  const delays = sides.flatMap(({ phases }) => phases.map((phase) => phase.load_loop_p99_ms));
  return largest(delays).toFixed(1);
}

function anomalies({ name, meter }: Measured): string[] {
  return [...meter.anomalies].map(([kind, count]) => `${name}: ${kind}: ${count}`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MB`;
}

function largest(values: number[]): number {
  return Math.max(0, ...values);
}
