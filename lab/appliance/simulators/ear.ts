import type { SimCall } from "../../sim/twilio/index.ts";
import { silences, type Span } from "./silences.ts";
import type { CallReport, Noticed } from "./report.ts";

/** A wait that people notice. */
const NOTICED_MS = 3_000;

/** A caller's ear: what was heard of the agent, when it was silent, and what else was strange. */
export class Ear {
  readonly call: SimCall;
  /** The caller came to the end of what they wanted. */
  finished = false;
  readonly #own: Span[] = [];
  #report: CallReport | null = null;

  constructor(call: SimCall) {
    this.call = call;
  }

  async says(phrase: string): Promise<void> {
    const { started_at, ended_at } = await this.call.say(phrase);
    this.#own.push([started_at, ended_at]);
  }

  report(): CallReport {
    if (this.#report) return this.#report;
    const report = this.#asItIs();
    if (report.ended_at !== null) this.#report = report;
    return report;
  }

  #asItIs(): CallReport {
    const { call, finished } = this;
    const of = (type: string) => call.events.filter((event) => event.type === type);
    const [ended] = of("ended");
    const answered = of("verb")[0]?.at;
    const quiet = answered === undefined ? [] : this.#silences(answered, ended?.at);
    const [recorded] = of("recorded");
    const noticed: Noticed[] = [
      ...quiet
        .filter(([from, to]) => to - from >= NOTICED_MS)
        .map(([from, to]) => ({ at: epoch(to), what: "silence" as const, ms: to - from })),
      ...of("record_started").map(({ at }) => ({
        at: epoch(at),
        what: "recorder" as const,
        ms: 0,
      })),
      ...of("stream_started")
        .slice(1)
        .map(({ at }) => ({ at: epoch(at), what: "again" as const, ms: 0 })),
    ];
    const own_end = finished || of("caller_hung_up").length > 0 || of("record_started").length > 0;
    if (ended && !own_end) {
      const what = answered === undefined ? ("refused" as const) : ("cut" as const);
      noticed.push({ at: epoch(ended.at), what, ms: 0 });
    }
    return {
      ...{ sid: call.sid, placed_at: call.placed_at.getTime(), finished, noticed },
      ended_at: ended ? epoch(ended.at) : null,
      recording_sid: recorded ? String(recorded["recording_sid"]) : null,
      longest_silence_ms: Math.round(Math.max(0, ...quiet.map(([from, to]) => to - from))),
    };
  }

  #silences(from: number, ended: number | undefined): Span[] {
    const { call } = this;
    const to = ended ?? performance.now();
    const prompts = call.events
      .filter(({ type }) => type === "play")
      .map(({ at, ms }): Span => [at, at + Number(ms)]);
    // A recorder listens: the caller does not wait for anything.
    const recorders = call.events
      .filter(({ type }) => type === "record_started")
      .map(({ at }): Span => [at, to]);
    const heard = call.audible(from, to).map((at): Span => [at, at + 20]);
    return silences([...prompts, ...recorders, ...heard, ...this.#own], from, to);
  }
}

const epoch = (at: number) => Math.round(performance.timeOrigin + at);
