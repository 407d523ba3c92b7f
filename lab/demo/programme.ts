import type { CallScenario } from "./scenarios.ts";

export type Scenario = CallScenario | "chat";

/** Which business (by its place in the list) hears of a customer next, and how. */
const PROGRAMME: readonly (readonly [number, Scenario])[] = [
  [0, "booking"],
  [0, "chat"],
  [1, "booking"],
  [0, "interruption"],
  [0, "dead_model"],
  [1, "interruption"],
];

const FIRST_MS = 6_000;
const OFTEN_MS = 60_000;
/** After two rounds the point is made, and the calendars should not fill up overnight. */
const OFTEN_TIMES = PROGRAMME.length * 2;
const SELDOM_MS = 600_000;

/** Calls `place` every so often until `signal` aborts. */
export function runProgramme(
  place: (business: number, scenario: Scenario) => void,
  signal: AbortSignal,
): void {
  let count = 0;
  let timer: NodeJS.Timeout;
  const next = () => {
    const [business, scenario] = PROGRAMME[count % PROGRAMME.length] ?? [0, "booking"];
    place(business, scenario);
    count += 1;
    timer = setTimeout(next, count < OFTEN_TIMES ? OFTEN_MS : SELDOM_MS);
  };
  timer = setTimeout(next, FIRST_MS);
  signal.addEventListener("abort", () => clearTimeout(timer));
}
