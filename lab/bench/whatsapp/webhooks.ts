import { createHmac, randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { startEmbeddedPostgres } from "../../../backend/src/db/embedded.ts";
import { freePort } from "../../../backend/test/free-port.ts";
import { signIn } from "../../demo/api.ts";
import { Samples, type Distribution } from "../figures/samples.ts";
import { startMeasured } from "../run/measured-process.ts";

const main = join(import.meta.dirname, "../../../backend/src/main.ts");
const admin = { email: "agency@example.com", password: "agency-password" };
const secret = "bench-secret-bench-secret";
const customers_each = 20;
/** The compiler has not seen the code yet, and the pool has no connection; not counted. */
const WARM_UP_MS = 2000;

export interface Webhooks {
  sent: number;
  stored: number;
  /** Request sent → answered, by which the message is committed; ms. */
  latency: Distribution;
  not_204: number;
  /** Of the backend's processor time, for one message. */
  cpu_ms: number;
}

/** Messages of many businesses, as the gateway delivers them, at a steady rate. */
export async function measureWebhooks(options: {
  businesses: number;
  per_second: number;
  seconds: number;
  /** On, it looks for a model that there is none of. */
  agent: boolean;
  data_dir: string;
  log_fd: number;
}): Promise<Webhooks> {
  const { businesses, per_second, seconds, agent, data_dir, log_fd } = options;
  const postgres = await startEmbeddedPostgres({ data_dir: join(data_dir, "postgres") });
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const env = {
    DATABASE_URL: postgres.url,
    DATA_DIR: join(data_dir, "backend"),
    PORT: String(port),
    HOST: "127.0.0.1",
    APP_SECRET: "bench-bench-bench-bench-bench-bench",
    ADMIN_EMAIL: admin.email,
    ADMIN_PASSWORD: admin.password,
    BAILEYS_WEBHOOK_SECRET: secret,
    NODE_ENV: "production",
  };
  const backend = await startMeasured({ module: main, env, log_fd, profile_dir: null });
  try {
    const ids = await addBusinesses(base, businesses);
    await ask(postgres.admin_url, `update settings set ai_enabled_whatsapp = ${agent}`);
    const before = await backend.sample();
    const latency = new Samples();
    let sent = 0;
    let not_204 = 0;
    const open = new Set<Promise<void>>();
    const send = async (counts: boolean) => {
      const body = message(ids[sent % ids.length]!, sent);
      sent += 1;
      const began = performance.now();
      const { status } = await post(`${base}/webhook/whatsapp/baileys`, body);
      if (counts) latency.add(performance.now() - began);
      if (status !== 204) not_204 += 1;
    };
    const began = performance.now();
    for (;;) {
      const since = performance.now() - began;
      if (since >= WARM_UP_MS + seconds * 1000) break;
      const due = Math.floor((since / 1000) * per_second);
      while (sent < due) {
        const one = send(since >= WARM_UP_MS);
        open.add(one);
        void one.finally(() => open.delete(one));
      }
      await sleep(1000 / per_second);
    }
    await Promise.all(open);
    const cpu_ms = ((await backend.sample()).cpu_ms - before.cpu_ms) / sent;
    const counted = await ask(postgres.admin_url, "select count(*)::int as n from messages");
    const { n: stored } = counted[0] as { n: number };
    return { sent, stored, not_204, latency: latency.distribution(), cpu_ms };
  } finally {
    await backend.stop();
    await postgres.stop();
  }
}

async function addBusinesses(base: string, count: number): Promise<number[]> {
  const agency = await signIn(base, admin);
  const ids: number[] = [];
  for (let i = 0; i < count; i++) {
    const owner = { email: `owner${i}@example.com`, name: "בעלים", password: "owner-password" };
    const phone_number = `+9723200${String(i).padStart(4, "0")}`;
    const { id } = await agency.post<{ id: number }>("/api/admin/businesses", {
      ...{ name: `עסק ${i}`, phone_number, owner },
      ...{ timezone: "Asia/Jerusalem", locale: "he" },
    });
    ids.push(id);
  }
  return ids;
}

function message(business_id: number, index: number): string {
  const from = `9725${String(40_000_000 + (index % (customers_each * 50)))}`;
  return JSON.stringify({
    ...{ event: "message", business_id, id: randomUUID(), from },
    remote_jid: `${from}@s.whatsapp.net`,
    ...{ push_name: "לקוחה", type: "text", text: `הודעה מספר ${index}`, media: null },
    timestamp: Math.floor(Date.now() / 1000),
  });
}

async function post(url: string, body: string): Promise<Response> {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const headers = { "Content-Type": "application/json", "X-BAILEYS-SIGNATURE": signature };
  const response = await fetch(url, { method: "POST", headers, body });
  await response.arrayBuffer();
  return response;
}

async function ask(admin_url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: admin_url.replace(/[^/]+$/, "agentlocator") });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
