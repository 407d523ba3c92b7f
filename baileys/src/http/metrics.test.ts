import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runGateway, SECRET } from "../../test/running-gateway.ts";
import type { Running } from "../../test/running-gateway.ts";
import { counting } from "../log-lines.ts";

let running: Running;
let open: string;
beforeAll(async () => {
  running = await runGateway({ url: "ws://127.0.0.1:1", env: { METRICS_PORT: "0" } });
  const { metrics } = running.gateway;
  metrics!.listen(0, "127.0.0.1");
  await once(metrics!, "listening");
  open = `http://127.0.0.1:${(metrics!.address() as AddressInfo).port}`;
});
afterAll(() => running.stop());

async function figures(): Promise<Record<string, number>> {
  const text = await (await fetch(`${open}/metrics`)).text();
  const lines = text.split("\n").filter((line) => /^\w/.test(line));
  return Object.fromEntries(lines.map((line) => line.split(/ (?=\S+$)/)).map(([k, v]) => [k, +v!]));
}

test("with the secret beside the other routes; without it only on a port of its own", async () => {
  const here = `${running.url}/metrics`;
  expect((await fetch(here)).status).toBe(401);
  const response = await fetch(here, { headers: { "X-BAILEYS-SECRET": SECRET } });
  expect(response.headers.get("content-type")).toContain("text/plain");
  expect(await response.text()).toContain("nodejs_eventloop_lag_p99_seconds");
  expect((await fetch(`${open}/metrics`)).status).toBe(200);
  for (const path of ["/health", "/sessions/1"]) {
    expect((await fetch(open + path)).status).toBe(404);
  }
});

test("each session: its state, its journal, what it has to send; and the disk", async () => {
  running.hearing.answer = 503;
  await running.ask("POST", "/sessions/5", {});
  await running.until(5, ({ state, attempt }) => state === "close" && attempt > 0);
  await expect
    .poll(async () => (await figures())['agentlocator_gateway_journal_entries{business_id="5"}'])
    .toBeGreaterThan(0);
  const now = await figures();
  const states = Object.keys(now).filter((key) => key.startsWith("agentlocator_gateway_session{"));
  expect(states).toEqual([
    expect.stringMatching(/business_id="5",state="(close|connecting)",reason=/),
  ]);
  expect(now['agentlocator_gateway_reconnects_failed{business_id="5"}']).toBeGreaterThan(0);
  expect(now['agentlocator_gateway_sends_waiting{business_id="5"}']).toBe(0);
  expect(now['agentlocator_gateway_journal_refused{business_id="5"}']).toBe(0);
  expect(now['agentlocator_gateway_journal_seconds{business_id="5"}']).toBeGreaterThan(0);
  expect(now['agentlocator_disk_free_bytes{volume="whatsapp"}']).toBeGreaterThan(0);
});

test("warnings and errors that were logged are counted by their tag", async () => {
  const key = 'agentlocator_log_lines_total{level="error",tag="WA-ERROR"}';
  const before = (await figures())[key] ?? 0;
  const log = pino({ hooks: counting }, { write: () => undefined });
  log.error({ business_id: 5 }, "[WA-ERROR] a test's");
  log.info("[WA-ERROR] not an error");
  const now = await figures();
  expect(now[key]).toBe(before + 1);
  expect(Object.keys(now).filter((name) => name.includes('level="info"'))).toEqual([]);
});
