import { Gauge } from "prom-client";
import type { Registry } from "prom-client";

/** A value and the labels it stands under. */
export type Sample = [value: number, labels?: Record<string, string>];

export interface GaugeText {
  /** Behind `agentlocator_`. */
  name: string;
  help: string;
  labels?: string[];
}

/** Registers a gauge that is looked up whenever it is asked. @param read [] when nothing is known */
export function lookedUp(
  registry: Registry,
  { name, help, labels: labelNames = [] }: GaugeText,
  read: () => Promise<Sample[]> | Sample[],
): void {
  new Gauge({
    ...{ name: `agentlocator_${name}`, help, labelNames, registers: [registry] },
    async collect() {
      const samples = await read();
      // Of a gauge without labels, `reset` makes 0 of what is not known.
      if (labelNames.length > 0) this.reset();
      else this.remove();
      for (const [value, labels = {}] of samples) this.set(labels, value);
    },
  });
}

/** Keeps an answer for a while: one question serves all gauges, however many ask. */
export function kept<T>(ms: number, ask: () => Promise<T>): () => Promise<T> {
  let at = -Infinity;
  let answer: Promise<T>;
  return () => {
    if (performance.now() - at > ms) {
      at = performance.now();
      answer = ask();
    }
    return answer;
  };
}
