import type { Meter } from "../figures/meter.ts";
import { seeded } from "../../speech/random.ts";
import { Caller, type StreamTarget } from "./caller.ts";
import type { Traces } from "./trace.ts";

const pump_ms = 1;

/** All callers of a phase, kept in time by one timer. */
export class Fleet {
  private readonly callers: Caller[] = [];
  private readonly traces: Traces;
  private timer: NodeJS.Timeout | undefined;

  constructor(traces: Traces) {
    this.traces = traces;
  }

  start(): void {
    const pump = () => {
      for (const caller of this.callers) caller.tick(performance.now());
      this.timer = setTimeout(pump, pump_ms);
    };
    pump();
  }

  /** Connects a call's stream; resolves when it has started. */
  async connect(
    target: StreamTarget,
    meter: Meter,
    least_in_hand_ms: number | null,
  ): Promise<void> {
    const trace = this.traces.call(meter);
    const random = seeded(trace.number);
    const { traces } = this;
    const caller = new Caller({ target, trace, traces, least_in_hand_ms, random });
    await caller.begin();
    this.callers.push(caller);
  }

  async hangUp(): Promise<void> {
    await Promise.all(this.callers.splice(0).map((caller) => caller.hangUp()));
    this.traces.clear();
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
