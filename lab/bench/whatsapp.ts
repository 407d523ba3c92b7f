#!/usr/bin/env node
import { closeSync, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureSessions } from "./whatsapp/sessions.ts";
import { measureWebhooks } from "./whatsapp/webhooks.ts";

const help = `Usage: node lab/bench/whatsapp.ts [--sessions N] [--businesses N] [--rate R] [--seconds S]

Measures WhatsApp and prints a Markdown table: webhooks into the real backend with a real
PostgreSQL, and idle sessions in the real gateway beside the bare library in the same run.

  --sessions N    linked businesses in one gateway; default 50
  --businesses N  businesses that get messages; default 50
  --rate R        messages a second; default 200
  --seconds S     how long; default 20
  --help          this text

Exit code: 0 when it was measured, whatever the figures.`;

const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "50" },
    businesses: { type: "string", default: "50" },
    rate: { type: "string", default: "200" },
    seconds: { type: "string", default: "20" },
    help: { type: "boolean", default: false },
  },
});

function whole(name: "sessions" | "businesses" | "rate" | "seconds"): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value > 0) return value;
  process.stderr.write(`--${name} must be a whole number above 0\n`);
  process.exit(2);
}

if (values.help) {
  process.stdout.write(`${help}\n`);
  process.exit(0);
}
const [count, businesses, per_second, seconds] = [
  whole("sessions"),
  whole("businesses"),
  whole("rate"),
  whole("seconds"),
];
const data_dir = await mkdtemp(join(tmpdir(), "agentlocator-bench-"));
const log_fd = openSync(join(data_dir, "bench.log"), "w");
const say = (line: string) => void process.stderr.write(`${line}\n`);
try {
  say("webhooks …");
  const webhooks = await measureWebhooks({ businesses, per_second, seconds, data_dir, log_fd });
  say("sessions …");
  const sessions = await measureSessions({ count, log_fd });
  const { p50, p99, max } = webhooks.latency;
  const ms = (value: number) => value.toFixed(1);
  const mb = (bytes: number) => (bytes / 1e6).toFixed(2);
  const ratio = sessions.gateway_bytes_each / sessions.bare_bytes_each;
  const [cpu] = cpus();
  process.stdout
    .write(`${businesses} businesses, ${per_second} messages a second for ${seconds} s; ${count} sessions; on ${cpus().length} × ${cpu?.model}, Node ${process.version}.

|  | AgentLocator | bare Baileys | aim |
| --- | --- | --- | --- |
| webhook, sent → stored and answered (p50 / p99 / max) | ${ms(p50)} / ${ms(p99)} / ${ms(max)} ms |  | p99 < 50 ms |
| messages sent / stored / not answered 204 | ${webhooks.sent} / ${webhooks.stored} / ${webhooks.not_204} |  | stored = sent |
| memory of an idle session | ${mb(sessions.gateway_bytes_each)} MB | ${mb(sessions.bare_bytes_each)} MB | ≤ 1.3 × (${ratio.toFixed(2)}) |
| restart until all ${count} sessions receive | ${(sessions.restart_ms / 1000).toFixed(1)} s |  |  |
`);
} finally {
  closeSync(log_fd);
  await rm(data_dir, { recursive: true, force: true });
}
