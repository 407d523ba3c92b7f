import type { Verdict } from "./judge.ts";

/** A fault's row: what was seen, or why it could not be. */
export interface Row extends Verdict {
  readonly title: string;
  /** How long the fault was held. */
  readonly held_ms: number;
  /** From the fault's beginning until every container was healthy again. */
  readonly healthy_ms: number;
}

const HEAD = [
  "fault",
  "held (s)",
  "callers noticed",
  "customers noticed",
  "lost",
  "healthy after (s)",
  "nothing noticed after (s)",
];

/** How many of the losses are written out. */
const SHOWN = 3;

/** The rows as a Markdown table. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.title,
    seconds(row.held_ms),
    row.callers,
    row.customers,
    losses(row.lost),
    seconds(row.healthy_ms),
    seconds(row.noticed_ms),
  ]);
  const rule = HEAD.map(() => "---");
  return [HEAD, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const seconds = (ms: number) => (ms / 1000).toFixed(1);

function losses(lost: readonly string[]): string {
  if (lost.length === 0) return "nothing";
  const more = lost.length > SHOWN ? [`and ${lost.length - SHOWN} more`] : [];
  return `**${[...lost.slice(0, SHOWN), ...more].join("; ")}**`;
}
