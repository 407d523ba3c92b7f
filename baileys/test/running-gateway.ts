import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GatewayEvent, GatewaySession } from "@agentlocator/contract";
import { pino } from "pino";
import { parseGatewayEnv } from "../src/env.ts";
import { createWhatsappGateway } from "../src/gateway.ts";
import type { Gateway, GatewayParts } from "../src/gateway.ts";
import { quietConsole } from "../src/session/library-log.ts";
import { TIMING } from "../src/session/timing.ts";
import type { Timing } from "../src/session/timing.ts";

export const SECRET = "shared by gateway and backend";

/** Waits of tests: short, but not so short that a busy machine breaks them. */
export const QUICK: Timing = {
  ...TIMING,
  settle: 20,
  backoff: 0.02,
  flush: 20,
  pace: {
    account: { burst: 100, every_ms: 1 },
    contact: { burst: 100, every_ms: 1 },
  },
};

/** A backend that notes what it is told. */
export class Hearing {
  readonly events: GatewayEvent[] = [];
  readonly files = new Map<string, { type: string; bytes: Buffer }>();
  /** What it answers to events; 204 is "taken". */
  answer = 204;
  /** Files are given out after it. */
  hold: Promise<void> = Promise.resolve();
  server!: Server;
  #heard = new Set<() => void>();

  async start(): Promise<this> {
    this.server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (request.method === "GET") {
        await this.hold;
        const file = this.files.get(request.url ?? "");
        if (!file) return void response.writeHead(404).end();
        response.writeHead(200, { "content-type": file.type }).end(file.bytes);
        return;
      }
      const body = Buffer.concat(chunks);
      const signature = createHmac("sha256", SECRET).update(body).digest("hex");
      const genuine = request.headers["x-baileys-signature"] === signature;
      if (genuine && this.answer === 204) this.events.push(JSON.parse(body.toString()));
      response.writeHead(genuine ? this.answer : 403).end();
      for (const look of [...this.#heard]) look();
    }).listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return this;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The first event that fits, also one from before. */
  async first<E extends GatewayEvent>(fits: (event: GatewayEvent) => boolean): Promise<E> {
    const { promise, resolve } = Promise.withResolvers<E>();
    const look = () => {
      const found = this.events.find(fits);
      if (found) resolve(found as E);
    };
    this.#heard.add(look);
    look();
    try {
      return await promise;
    } finally {
      this.#heard.delete(look);
    }
  }

  message(id: string) {
    return this.first((event) => event.event === "message" && event.id === id);
  }

  receipt(id: string, status: string) {
    const fits = (event: GatewayEvent) =>
      event.event === "receipt" && event.id === id && event.status === status;
    return this.first(fits);
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

interface Answer {
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests say what they expect
  body: any;
}

export interface Running {
  gateway: Gateway;
  hearing: Hearing;
  dir: string;
  /** Lines of the log, parsed. */
  lines: Record<string, unknown>[];
  url: string;
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
  session(id: number): Promise<GatewaySession>;
  /** Resolves when the session is so. */
  until(id: number, fits: (session: GatewaySession) => boolean): Promise<GatewaySession>;
  send(id: number, to: string, more?: object): Promise<string>;
  stop(): Promise<void>;
}

export interface RunOptions {
  url: string;
  timing?: Partial<Timing>;
  dir?: string;
  hearing?: Hearing;
  env?: Record<string, string>;
  openStorage?: NonNullable<GatewayParts["openStorage"]>;
}

let keys = 0;

/** The gateway, listening on a free port, with a backend that listens to it. */
export async function runGateway(options: RunOptions): Promise<Running> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), "gateway-")));
  const hearing = options.hearing ?? (await new Hearing().start());
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  const log = pino({ level: "debug" }, { write });
  quietConsole(log);
  const env = parseGatewayEnv({
    WA_STORAGE_DIR: dir,
    WA_WEB_SOCKET_URL: options.url,
    BAILEYS_WEBHOOK_SECRET: SECRET,
    BAILEYS_WEBHOOK_TARGET: `${hearing.origin}/webhook/whatsapp/baileys`,
    ...options.env,
  });
  const gateway = await createWhatsappGateway(env, log, {
    timing: { ...QUICK, ...options.timing },
    ...(options.openStorage && { openStorage: options.openStorage }),
  });
  gateway.server.listen(0, "127.0.0.1");
  await once(gateway.server, "listening");
  const url = `http://127.0.0.1:${(gateway.server.address() as AddressInfo).port}`;
  const ready = gateway.resume();

  const ask: Running["ask"] = async (method, path, body) => {
    const response = await fetch(url + path, {
      method,
      headers: { "X-BAILEYS-SECRET": SECRET },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
  const session = async (id: number): Promise<GatewaySession> =>
    (await ask("GET", `/health?businessId=${id}`)).body;

  return {
    gateway,
    hearing,
    dir,
    lines,
    url,
    ask,
    session,
    async until(id, fits) {
      for (;;) {
        const now = await session(id);
        if (fits(now)) return now;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    async send(id, to, more = {}) {
      const idempotencyKey = `key-${(keys += 1)}`;
      const message = { businessId: id, to, type: "text", text: "שלום", idempotencyKey, ...more };
      const { status, body } = await ask("POST", "/send", message);
      if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
      return body.messageId;
    },
    async stop() {
      await ready;
      await gateway.stop();
      if (!options.hearing) hearing.stop();
      if (!options.dir) await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Pairs a business by scanning its code; resolves when the session may send. */
export async function pair(
  running: Pick<Running, "ask" | "until">,
  id: number,
  phone: { scan(qr: string): Promise<unknown> },
): Promise<void> {
  await running.ask("POST", `/sessions/${id}`, {});
  const { qr } = await running.until(id, (session) => session.qr !== null);
  await phone.scan(qr!);
  await running.until(id, (session) => session.connected);
}
