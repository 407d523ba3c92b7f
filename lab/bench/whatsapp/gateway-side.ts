import { join } from "node:path";
import { freePort } from "../../../backend/test/free-port.ts";
import type { WhatsAppSim } from "../../sim/whatsapp/index.ts";
import { startMeasured, type MeasuredProcess } from "../run/measured-process.ts";

const main = join(import.meta.dirname, "../../../baileys/src/main.ts");

export interface GatewaySide {
  process: MeasuredProcess;
  /** Links a business: resolves when its code was scanned. */
  pair(business_id: number, phone: ReturnType<WhatsAppSim["phone"]>): Promise<void>;
}

/** The gateway as it runs in earnest. Its sessions in `storage` come up by themselves. */
export async function startGateway(options: {
  wa: WhatsAppSim;
  storage: string;
  /** Where its events go. */
  target: string;
  secret: string;
  log_fd: number;
}): Promise<GatewaySide> {
  const { wa, storage, target, secret, log_fd } = options;
  const port = await freePort();
  const env = {
    PORT: String(port),
    HOST: "127.0.0.1",
    APP_SECRET: "bench-bench-bench-bench-bench-bench",
    BAILEYS_WEBHOOK_SECRET: secret,
    BAILEYS_WEBHOOK_TARGET: target,
    WA_STORAGE_DIR: storage,
    ...wa.env,
    NODE_ENV: "production",
  };
  const process = await startMeasured({
    ...{ module: main, env, log_fd, profile_dir: null },
    exec_args: ["--expose-gc"],
  });

  async function session(method: "GET" | "POST", business_id: number): Promise<{ qr?: string }> {
    const url = `http://127.0.0.1:${port}/sessions/${business_id}`;
    const response = await fetch(url, { method, headers: { "X-BAILEYS-SECRET": secret } });
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    return (await response.json()) as { qr?: string };
  }

  return {
    process,
    async pair(business_id, phone) {
      let { qr } = await session("POST", business_id);
      while (!qr) ({ qr } = await session("GET", business_id));
      await phone.scan(qr);
    },
  };
}
