import {
  Browsers,
  initAuthCreds,
  makeWASocket,
  type AuthenticationCreds,
  type BaileysEventMap,
  type SignalDataTypeMap,
  type UserFacingSocketConfig,
  type WAMessage,
  type WASocket,
} from "@whiskeysockets/baileys";
import { Journal } from "./journal.ts";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { WhatsAppSim, type WhatsAppSimOptions } from "./server.ts";

type Update = BaileysEventMap["connection.update"];
type Config = Partial<UserFacingSocketConfig>;

const silent = {
  level: "silent",
  child: () => silent,
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
};

/** The real library with its credentials in memory; each `connect` is a new socket. */
export class TestClient {
  creds: AuthenticationCreds = initAuthCreds();
  sock!: WASocket;
  /** Updates of the current socket. */
  updates = new Journal<Update>();
  readonly upserts = new Journal<WAMessage & { upsert: "notify" | "append" }>();
  readonly changes = new Journal<BaileysEventMap["messages.update"][number]>();
  readonly keys = new Map<string, unknown>();
  #sim: WhatsAppSim;
  #config: Config;
  #sockets: WASocket[] = [];

  constructor(sim: WhatsAppSim, config: Config = {}) {
    this.#sim = sim;
    this.#config = config;
  }

  connect(config: Config = {}): WASocket {
    const updates = new Journal<Update>();
    this.updates = updates;
    const sock = makeWASocket({
      waWebSocketUrl: this.#sim.url,
      auth: { creds: this.creds, keys: this.#store() },
      logger: silent,
      browser: Browsers.windows("Chrome"),
      markOnlineOnConnect: false,
      syncFullHistory: false,
      retryRequestDelayMs: 0,
      ...this.#config,
      ...config,
    });
    sock.ev.on("creds.update", (update) => void Object.assign(this.creds, update));
    sock.ev.on("connection.update", (update) => updates.add(update));
    sock.ev.on("messages.update", (all) => all.forEach((change) => this.changes.add(change)));
    sock.ev.on("messages.upsert", ({ messages, type }) => {
      for (const message of messages) this.upserts.add({ ...message, upsert: type });
    });
    this.sock = sock;
    this.#sockets.push(sock);
    return sock;
  }

  async qr(): Promise<string> {
    return (await this.updates.find(({ qr }) => qr !== undefined)).qr!;
  }

  async opened(): Promise<void> {
    await this.updates.find(({ connection }) => connection === "open");
  }

  /** Why the current socket closed: the code and the message. */
  async closed(): Promise<{ code: number | undefined; message: string }> {
    const { lastDisconnect } = await this.updates.find(({ connection }) => connection === "close");
    const error = lastDisconnect?.error as
      | (Error & { output?: { statusCode: number } })
      | undefined;
    return { code: error?.output?.statusCode, message: error?.message ?? "" };
  }

  /** The own message has this status, whether told by itself or within the message. */
  reaches(id: string, status: number): Promise<unknown> {
    const told = this.changes.find(({ key, update }) => key.id === id && update.status === status);
    return Promise.race([
      told,
      this.upserts.find((message) => message.key.id === id && message.status === status),
    ]);
  }

  /** Pairs by QR code and logs in. */
  async pair(phone: ReturnType<WhatsAppSim["phone"]>): Promise<this> {
    this.connect();
    await phone.scan(await this.qr());
    await this.closed();
    this.connect();
    await this.opened();
    return this;
  }

  async end(): Promise<void> {
    for (const sock of this.#sockets.splice(0)) {
      const ws = sock.ws as unknown as { socket: { readyState: number; terminate(): void } | null };
      void sock.end(undefined);
      ws.socket?.terminate();
    }
  }

  #store() {
    const { keys } = this;
    return {
      get: async <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => {
        const found: Record<string, SignalDataTypeMap[T]> = {};
        for (const id of ids) {
          const value = keys.get(`${type} ${id}`);
          if (value) found[id] = value as SignalDataTypeMap[T];
        }
        return found;
      },
      set: async (data: Record<string, Record<string, unknown> | undefined>) => {
        for (const [type, values] of Object.entries(data)) {
          for (const [id, value] of Object.entries(values ?? {})) {
            if (value === null || value === undefined) keys.delete(`${type} ${id}`);
            else keys.set(`${type} ${id}`, value);
          }
        }
      },
    };
  }
}

/** A simulator and its clients for the tests of a file; all of it ends after each test. */
export function laboratory(options: WhatsAppSimOptions = { claimed_keys: 100 }) {
  const here = { wa: null as unknown as WhatsAppSim, client };
  let clients: TestClient[] = [];
  function client(config: Config = {}): TestClient {
    const made = new TestClient(here.wa, config);
    clients.push(made);
    return made;
  }
  beforeEach(async () => {
    // The client's libsignal prints its sessions.
    for (const level of ["info", "warn", "error"] as const) {
      vi.spyOn(console, level).mockImplementation(() => {});
    }
    here.wa = await new WhatsAppSim(options).start();
  });
  afterEach(async () => {
    await Promise.all(clients.map((one) => one.end()));
    clients = [];
    await here.wa.stop();
    expect(here.wa.violations.splice(0)).toEqual([]);
  });
  return here;
}
