import { createServer, type IncomingMessage, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocketServer } from "ws";
import type { Brain } from "./brain.ts";
import { RealtimeConnection, type Violation } from "./connection.ts";
import { FaultList, type Fault } from "./faults.ts";
import { Delays, usual_latency, type Latency } from "./latency.ts";
import { receptionist } from "./receptionist.ts";
import { RestApi, type RestFault, type RestRequest } from "./rest.ts";

export interface OpenAiSimOptions {
  brain?: Brain;
  latency?: Partial<Latency>;
  /** The only key accepted; without it any key is. */
  api_key?: string;
  /** Sound shorter than this does not count as speech; default 160 ms, so a cough does not. */
  min_speech_ms?: number;
}

/** OpenAI on loopback: Realtime (GA) over WebSocket and the REST calls the product makes. */
export class OpenAiSim {
  /** What clients did that OpenAI would refuse. Tests expect it to be empty. */
  readonly violations: Violation[] = [];
  /** Every Realtime session that was opened, in order. */
  readonly connections: RealtimeConnection[] = [];
  /** Every REST request and its answer's status. */
  readonly requests: RestRequest[] = [];
  /** Handshakes that were refused or cut. */
  refused = 0;
  brain: Brain;
  #options: OpenAiSimOptions;
  #server: Server | null = null;
  #sockets = new WebSocketServer({ noServer: true, maxPayload: 20 * 1024 * 1024 });
  #port = 0;
  #everywhere = false;
  #next: Fault[][] = [];
  #every: Fault[] = [];
  #rest: RestApi;
  #waiting = new Set<(connection: RealtimeConnection) => void>();

  constructor(options: OpenAiSimOptions = {}) {
    this.#options = options;
    this.brain = options.brain ?? receptionist;
    this.#rest = new RestApi({
      think: (state) => this.brain(state),
      authorized: (request) => this.#authorized(request),
      requests: this.requests,
      onViolation: (violation) => this.violations.push(violation),
    });
  }

  /** For OPENAI_BASE_URL: `http://127.0.0.1:<port>/v1`. */
  get base_url(): string {
    return `http://127.0.0.1:${this.#port}/v1`;
  }

  /** Listens on loopback, or `everywhere`; port 0 or none takes a free one. */
  async start({ port = 0, everywhere = this.#everywhere } = {}): Promise<this> {
    this.#everywhere = everywhere;
    this.#server = createServer((request, response) => void this.#rest.handle(request, response));
    this.#server.on("upgrade", (request, socket, head) => {
      void this.#upgrade(request, socket, head);
    });
    this.#server.listen(port, everywhere ? undefined : "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** Cuts every connection and stops listening. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** As stop; goOnline listens on the same port again. Meanwhile connections are refused. */
  async goOffline(): Promise<void> {
    await this.stop();
  }

  async goOnline(): Promise<void> {
    await this.start({ port: this.#port });
  }

  /** The next Realtime connection has these faults; calls queue up, one a connection. */
  nextConnection(...faults: Fault[]): void {
    this.#next.push(faults);
  }

  /** Every Realtime connection from now on has these faults (none: healthy again). */
  everyConnection(...faults: Fault[]): void {
    this.#every = faults;
  }

  /** The next REST request to a path that ends in `path` fails in this way. */
  nextRequest(path: string, fault: RestFault): void {
    this.#rest.faults.push({ path, fault });
  }

  /** Every REST request to a path that ends in `path` fails in this way; null: healthy again. */
  everyRequest(path: string, fault: RestFault | null): void {
    if (fault) this.#rest.lasting.set(path, fault);
    else this.#rest.lasting.delete(path);
  }

  /** Makes a sound known that can't be listened to here, e.g. a voice note in Opus. */
  knowSound(audio: Buffer, text: string): void {
    this.#rest.sounds.set(audio.toString("base64"), text);
  }

  /** Resolves with the next Realtime session that opens. */
  waitForConnection(): Promise<RealtimeConnection> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #authorized({ headers }: IncomingMessage): boolean {
    const key = /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1];
    return key !== undefined && (this.#options.api_key ?? key) === key;
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => socket.destroy());
    const faults = new FaultList([...(this.#next.shift() ?? []), ...this.#every]);
    const refuse = (status: number, code: string) => {
      this.refused += 1;
      const body = JSON.stringify({ error: { message: code, type: code, code, param: null } });
      const type = "content-type: application/json";
      socket.end(`HTTP/1.1 ${status} ${code}\r\n${type}\r\nconnection: close\r\n\r\n${body}`);
    };
    if (faults.take("reset")) {
      this.refused += 1;
      return void socket.destroy();
    }
    const slow = faults.take("slow_handshake");
    if (slow) await sleep(slow.ms);
    const http = faults.take("http");
    if (http) return refuse(http.status, "injected");
    if (!this.#authorized(request)) return refuse(401, "invalid_api_key");
    const url = new URL(request.url ?? "", "http://sim");
    const model = url.searchParams.get("model");
    if (url.pathname !== "/v1/realtime" || !model) {
      this.violations.push({ connection: "-", reason: "no such address", event: url.href });
      return refuse(404, "not_found");
    }
    this.#sockets.handleUpgrade(request, socket, head, (ws) => {
      if (request.headers["openai-beta"] !== undefined) {
        const event = String(request.headers["openai-beta"]);
        this.violations.push({ connection: "-", reason: "beta_api_shape_disabled", event });
        const error = { type: "invalid_request_error", code: "beta_api_shape_disabled" };
        ws.send(JSON.stringify({ type: "error", event_id: "event_beta", error }));
        return ws.close(4000, "invalid_request_error.beta_api_shape_disabled");
      }
      const connection = new RealtimeConnection(ws, {
        model,
        faults,
        brain: (state) => this.brain(state),
        delays: new Delays({
          ...usual_latency,
          seed: this.connections.length + 1,
          ...this.#options.latency,
        }),
        min_speech_ms: this.#options.min_speech_ms ?? 160,
        onViolation: (violation) => this.violations.push(violation),
      });
      this.connections.push(connection);
      for (const resolve of this.#waiting) resolve(connection);
      this.#waiting.clear();
    });
  }
}
