import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Message, SettingsPatch, Thread, WhatsappStatus } from "@agentlocator/contract";
import { freePort } from "../../backend/test/free-port.ts";
import type { Brain } from "../sim/openai/index.ts";
import { WhatsAppSim } from "../sim/whatsapp/index.ts";
import { eventually } from "./eventually.ts";
import { startGatewayProcess, type GatewayProcess } from "./gateway-process.ts";
import { startProduct, type Product, type TestBusiness } from "./product.ts";

/** Twilio's number of the appliance. */
export const TWILIO_NUMBER = "+14155238886";
const SECRET = "gateway-secret-gateway-secret";

type OwnersPhone = ReturnType<WhatsAppSim["phone"]>;

export interface WhatsappBusiness extends TestBusiness {
  /** The owner's telephone, with WhatsApp on it. */
  phone: OwnersPhone;
}

/** The product with its gateway, between strict simulators. */
export interface WhatsappProduct {
  product: Product;
  wa: WhatsAppSim;
  /** Every line that the gateway wrote. */
  output: string[];
  gateway: {
    kill(): Promise<void>;
    stop(): Promise<number | null>;
    start(): Promise<void>;
    readonly pid: number;
  };
  /** A business whose WhatsApp was connected by scanning the code. */
  addBusiness(settings?: SettingsPatch, brain?: Brain): Promise<WhatsappBusiness>;
  stop(): Promise<void>;
}

export const statusOf = ({ owner }: TestBusiness) =>
  owner.get<WhatsappStatus>("/api/whatsapp/status");

/** The connection stands, as the console shows it. */
export const isOpen = ({ baileys }: WhatsappStatus) => baileys.state === "open";

/** Connects in the console and scans the code with the owner's telephone. */
export async function pair(business: TestBusiness, phone: OwnersPhone): Promise<void> {
  await business.owner.post("/api/whatsapp/connect", {});
  const { baileys } = await eventually(
    () => statusOf(business),
    (status) => status.baileys.qr !== null,
  );
  await phone.scan(baileys.qr!);
  await eventually(() => statusOf(business), isOpen);
}

/** The business's WhatsApp threads, the latest first. */
export async function threadsOf({ owner }: TestBusiness): Promise<Thread[]> {
  return (await owner.get<{ items: Thread[] }>("/api/threads?type=whatsapp")).items;
}

/** Every WhatsApp message of the business, the oldest first. */
export async function messagesOf(business: TestBusiness): Promise<Message[]> {
  const threads = await threadsOf(business);
  const pages = threads.map(({ id }) =>
    business.owner.get<{ items: Message[] }>(`/api/threads/${id}/messages?limit=200`),
  );
  const all = (await Promise.all(pages)).flatMap(({ items }) => items);
  return all.toSorted((a, b) => a.id - b.id);
}

export async function startWhatsappProduct(
  more: Record<string, string> = {},
): Promise<WhatsappProduct> {
  const wa = await new WhatsAppSim().start();
  const port = await freePort();
  const storage = await mkdtemp(join(tmpdir(), "agentlocator-whatsapp-"));
  const output: string[] = [];
  const product = await startProduct({
    BAILEYS_OUTBOUND_URL: `http://127.0.0.1:${port}`,
    BAILEYS_WEBHOOK_SECRET: SECRET,
    TWILIO_WA_FROM: TWILIO_NUMBER,
    ...more,
  });
  const start = () =>
    startGatewayProcess(
      {
        PORT: String(port),
        HOST: "127.0.0.1",
        LOG_LEVEL: "debug",
        APP_SECRET: product.vars["APP_SECRET"]!,
        BAILEYS_WEBHOOK_SECRET: SECRET,
        BAILEYS_WEBHOOK_TARGET: `${product.url}/webhook/whatsapp/baileys`,
        WA_STORAGE_DIR: storage,
        ...wa.env,
      },
      output,
    );
  let process: GatewayProcess | null = await start();

  return {
    ...{ product, wa, output },
    gateway: {
      get pid() {
        return process?.pid ?? 0;
      },
      async kill() {
        await process?.kill();
        process = null;
      },
      async stop() {
        const code = (await process?.stop()) ?? null;
        process = null;
        return code;
      },
      async start() {
        process ??= await start();
      },
    },

    async addBusiness(settings, brain) {
      const business = await product.addBusiness(settings, brain);
      const phone = wa.phone(business.phone_number.replace("+9723", "+97252"));
      await pair(business, phone);
      return { ...business, phone };
    },

    async stop() {
      await process?.stop();
      await product.stop();
      await wa.stop();
      await rm(storage, { recursive: true, force: true });
    },
  };
}
