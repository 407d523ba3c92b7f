import { createServer } from "node:http";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WhatsAppSim } from "../../sim/whatsapp/index.ts";
import { startMeasured } from "../run/measured-process.ts";
import { startGateway } from "./gateway-side.ts";

const bare = join(import.meta.dirname, "bare-baileys.ts");
const secret = "bench-secret-bench-secret";
/** After the last session is up, until what its start left behind is settled. */
const settle_ms = 4_000;

export interface Sessions {
  gateway_bytes_each: number;
  bare_bytes_each: number;
  /** From the start of the process until every session receives again. */
  restart_ms: number;
}

const phoneOf = (wa: WhatsAppSim, account: number) => wa.phone(`97252${1_000_000 + account}`);

async function allOnline(wa: WhatsAppSim, count: number): Promise<void> {
  const online = () =>
    Array.from({ length: count }, (_, i) => phoneOf(wa, i)).every((phone) => phone.online);
  while (!online()) await sleep(20);
}

/** Idle sessions: what each takes in the gateway and in the bare library, and how fast they start. */
export async function measureSessions(options: {
  count: number;
  log_fd: number;
}): Promise<Sessions> {
  const { count, log_fd } = options;
  const bare_bytes_each = await bareBytes(count, log_fd);

  const wa = await new WhatsAppSim().start();
  const storage = await mkdtemp(join(tmpdir(), "agentlocator-bench-"));
  const sink = createServer((request, response) => {
    request.resume().on("end", () => void response.writeHead(204).end());
  });
  sink.listen(0, "127.0.0.1");
  await once(sink, "listening");
  const target = `http://127.0.0.1:${(sink.address() as AddressInfo).port}/`;
  const start = () => startGateway({ wa, storage, target, secret, log_fd });
  try {
    let gateway = await start();
    const empty = await gateway.process.sample();
    for (let i = 0; i < count; i++) await gateway.pair(i + 1, phoneOf(wa, i));
    await allOnline(wa, count);
    await sleep(settle_ms);
    const full = await gateway.process.sample();
    await gateway.process.stop();
    const began = performance.now();
    gateway = await start();
    await allOnline(wa, count);
    const restart_ms = performance.now() - began;
    await gateway.process.stop();
    const gateway_bytes_each = (full.rss_bytes - empty.rss_bytes) / count;
    return { gateway_bytes_each, bare_bytes_each, restart_ms };
  } finally {
    sink.close();
    await wa.stop();
    await rm(storage, { recursive: true, force: true });
  }
}

async function bareBytes(count: number, log_fd: number): Promise<number> {
  const wa = await new WhatsAppSim().start();
  const env = { ...wa.env, ACCOUNTS: String(count) };
  const child = await startMeasured({
    ...{ module: bare, env, log_fd, profile_dir: null },
    exec_args: ["--expose-gc"],
  });
  try {
    const empty = await child.sample();
    child.onMessage((message) => {
      const { account, qr } = message as { account?: number; qr?: string };
      if (account === undefined || qr === undefined) return;
      // A code that came just before the scan of another is of no use any more.
      phoneOf(wa, account)
        .scan(qr)
        .catch(() => undefined);
    });
    child.tell("begin");
    await allOnline(wa, count);
    await sleep(settle_ms);
    const full = await child.sample();
    return (full.rss_bytes - empty.rss_bytes) / count;
  } finally {
    await child.stop();
    await wa.stop();
  }
}
