#!/usr/bin/env node
import { closeSync, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureSessions } from "./whatsapp/sessions.ts";
import { measureWebhooks } from "./whatsapp/webhooks.ts";

const help = `Usage: node lab/bench/whatsapp.ts [--sessions N] [--businesses N] [--rate R[,R…]] [--seconds S] [--agent]

Measures WhatsApp and prints a Markdown table: webhooks into the real backend with a real
PostgreSQL, and idle sessions in the real gateway beside the bare library in the same run.

  --sessions N    linked businesses in one gateway; default 50; 0 leaves them out
  --businesses N  businesses that get messages; default 50
  --rate R        messages a second; default 200; several rates, with commas between them, each
                  begin with an empty database
  --seconds S     how long, for each rate, after a warm-up of 2 s; default 20
  --agent         with the agent turned on, and no model that it could ask
  --help          this text

Exit code: 0 when it was measured, whatever the figures.`;

const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "50" },
    businesses: { type: "string", default: "50" },
    rate: { type: "string", default: "200" },
    seconds: { type: "string", default: "20" },
    agent: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function whole(name: "sessions" | "businesses" | "seconds", least = 1): number {
  return number(name, values[name], least);
}

function number(name: string, text: string, least = 1): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  process.stderr.write(`--${name} must be a whole number, ${least} or more\n`);
  process.exit(2);
}

if (values.help) {
  process.stdout.write(`${help}\n`);
  process.exit(0);
}
const [count, businesses, seconds] = [whole("sessions", 0), whole("businesses"), whole("seconds")];
const rates = values.rate.split(",").map((rate) => number("rate", rate));
const { agent } = values;
const data_dir = await mkdtemp(join(tmpdir(), "agentlocator-bench-"));
const log_fd = openSync(join(data_dir, "bench.log"), "w");
const say = (line: string) => void process.stderr.write(`${line}\n`);
const ms = (value: number) => value.toFixed(1);
const mb = (bytes: number) => (bytes / 1e6).toFixed(2);
const rows: string[] = [];
try {
  for (const per_second of rates) {
    say(`webhooks, ${per_second} a second …`);
    const where = { data_dir: join(data_dir, String(per_second)), log_fd };
    const found = await measureWebhooks({ businesses, per_second, seconds, agent, ...where });
    const { p50, p99, max } = found.latency;
    rows.push(
      `| webhook, ${per_second} a second: sent → stored and answered (p50 / p99 / max) | ${ms(p50)} / ${ms(p99)} / ${ms(max)} ms |  | p99 < 50 ms |`,
      `| – sent / stored / not answered 204 | ${found.sent} / ${found.stored} / ${found.not_204} |  | stored = sent |`,
      `| – the backend's processor time for a message | ${found.cpu_ms.toFixed(2)} ms |  |  |`,
    );
  }
  if (count > 0) {
    say("sessions …");
    const sessions = await measureSessions({ count, log_fd });
    const ratio = sessions.gateway_bytes_each / sessions.bare_bytes_each;
    rows.push(
      `| memory of an idle session | ${mb(sessions.gateway_bytes_each)} MB | ${mb(sessions.bare_bytes_each)} MB | ≤ 1.3 × (${ratio.toFixed(2)}) |`,
      `| restart until all ${count} sessions receive | ${(sessions.restart_ms / 1000).toFixed(1)} s |  |  |`,
    );
  }
  const [cpu] = cpus();
  process.stdout
    .write(`${businesses} businesses, each rate for ${seconds} s, the agent ${agent ? "on" : "off"}; ${count} sessions; on ${cpus().length} × ${cpu?.model}, Node ${process.version}.

|  | AgentLocator | bare Baileys | aim |
| --- | --- | --- | --- |
${rows.join("\n")}
`);
} finally {
  closeSync(log_fd);
  await rm(data_dir, { recursive: true, force: true });
}
