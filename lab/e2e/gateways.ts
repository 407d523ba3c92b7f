import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../backend/test/free-port.ts";
import { WhatsAppSim } from "../sim/whatsapp/index.ts";
import { eventually } from "./eventually.ts";
import { startGatewayProcess } from "./gateway-process.ts";
import type { GatewayProcess } from "./gateway-process.ts";
import { startProduct } from "./product.ts";
import { pair } from "./whatsapp.ts";
import type { WhatsappBusiness } from "./whatsapp.ts";

const SECRET = "gateway-secret-gateway-secret";
/** Short, so that what takes the time of a lease takes little. */
const LEASE_SECONDS = 3;

export interface LeasedGateway extends GatewayProcess {
  readonly url: string;
  /** Every line that it wrote. */
  readonly output: string[];
}

export interface Lease {
  business_id: number;
  url: string;
  epoch: number;
  /** Whether it is somebody's now. */
  runs: boolean;
}

/** The product with several gateways on one storage, between strict simulators. */
export async function startGateways() {
  const wa = await new WhatsAppSim().start();
  const storage = await mkdtemp(join(tmpdir(), "agentlocator-gateways-"));
  const product = await startProduct({
    BAILEYS_WEBHOOK_SECRET: SECRET,
    GATEWAY_LEASE_SECONDS: String(LEASE_SECONDS),
  });
  const gateways: LeasedGateway[] = [];

  async function leaseOf({ id }: { id: number }): Promise<Lease | undefined> {
    const { rows } = await product.db.inSystem(({ trx }) =>
      trx.raw(
        `select business_id, url, epoch, expires_at > now() as runs
         from gateway_leases where business_id = ?`,
        [id],
      ),
    );
    return rows[0];
  }

  return {
    ...{ wa, product, storage, leaseOf },

    /** The backend has heard from the business's present gateway that the connection stands. */
    async connected({ id }: { id: number }): Promise<void> {
      const heard = () =>
        product.db.inSystem(({ trx }) =>
          trx("whatsapp_channels as c")
            .join("gateway_leases as l", "l.business_id", "c.business_id")
            .whereRaw("c.business_id = ? and c.epoch = l.epoch and c.state = 'open'", [id])
            .first("c.epoch"),
        );
      await eventually(heard, (found) => found !== undefined);
    },

    async addGateway(): Promise<LeasedGateway> {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const output: string[] = [];
      const running = await startGatewayProcess(
        {
          PORT: String(port),
          HOST: "127.0.0.1",
          LOG_LEVEL: "debug",
          APP_SECRET: product.vars["APP_SECRET"]!,
          BAILEYS_WEBHOOK_SECRET: SECRET,
          BAILEYS_WEBHOOK_TARGET: `${product.url}/webhook/whatsapp/baileys`,
          GATEWAY_URL: url,
          WA_STORAGE_DIR: storage,
          ...wa.env,
        },
        output,
      );
      const gateway = { ...running, url, output };
      gateways.push(gateway);
      return gateway;
    },

    /** The gateway that has the business, once another one than `before` has it. */
    async ownerOf(business: { id: number }, before?: LeasedGateway): Promise<LeasedGateway> {
      const lease = await eventually(
        () => leaseOf(business),
        (found) => found?.runs === true && found.url !== before?.url,
      );
      return gateways.find(({ url }) => url === lease!.url)!;
    },

    /** A business whose WhatsApp was connected by scanning the code. */
    async addBusiness(): Promise<WhatsappBusiness> {
      const business = await product.addBusiness({ ai_enabled_whatsapp: false });
      const phone = wa.phone(business.phone_number.replace("+9723", "+97252"));
      await pair(business, phone);
      return { ...business, phone };
    },

    async stop(): Promise<void> {
      for (const gateway of gateways) {
        gateway.thaw();
        await gateway.stop();
      }
      await product.stop();
      await wa.stop();
      await rm(storage, { recursive: true, force: true });
    },
  };
}
