import { Counter, Gauge, Histogram } from "prom-client";
import type { Registry } from "prom-client";
import type { EndReason, Ledger } from "./voice/index.ts";

const MILLISECONDS = [5, 10, 20, 50, 100, 250, 500, 1000, 1500, 2000, 3000, 5000, 8000];

/** The ledgers of all calls, summed for Prometheus. */
export function createCallMetrics(registers: [Registry], active: () => number) {
  const ended = new Counter({
    name: "agentlocator_calls_total",
    help: "Calls that ended, by reason",
    labelNames: ["reason"],
    registers,
  });
  const fallbacks = new Counter({
    name: "agentlocator_call_fallbacks_total",
    help: "Calls sent to the record fallback, by cause",
    labelNames: ["cause"],
    registers,
  });
  const greeting = new Histogram({
    name: "agentlocator_call_greeting_milliseconds",
    help: "Stream start to the first frame of the greeting",
    buckets: MILLISECONDS,
    registers,
  });
  const answer = new Histogram({
    name: "agentlocator_call_answer_milliseconds",
    help: "The caller's last speech to the first frame of the answer",
    buckets: MILLISECONDS,
    registers,
  });
  const quiet = new Histogram({
    name: "agentlocator_call_barge_in_quiet_milliseconds",
    help: "The caller's first loud frame to a quiet line",
    buckets: MILLISECONDS,
    registers,
  });
  const silences = new Counter({
    name: "agentlocator_call_silences_total",
    help: "Waits of a caller longer than 3 s without hearing anything",
    registers,
  });
  new Gauge({
    name: "agentlocator_calls_active",
    help: "Calls this process carries now",
    registers,
    collect() {
      this.set(active());
    },
  });

  return {
    callEnded(reason: EndReason, ledger: Ledger): void {
      ended.inc({ reason });
      if (ledger.fallback_reason) fallbacks.inc({ cause: ledger.fallback_reason });
      if (ledger.greeting_ms !== null) greeting.observe(ledger.greeting_ms);
      for (const ms of ledger.answers_ms) answer.observe(ms);
      for (const barge of ledger.barge_ins) quiet.observe(barge.quiet_ms);
      silences.inc(ledger.silences_over_3s);
    },
  };
}

export type CallMetrics = ReturnType<typeof createCallMetrics>;
