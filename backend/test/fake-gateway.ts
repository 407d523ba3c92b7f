import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { GatewaySend } from "@agentlocator/contract";

type State = "journalled" | "written" | "sent" | "delivered" | "read" | "failed" | "not_sent";

export interface GatewaySent {
  key: string;
  messageId: string;
  body: GatewaySend;
  state: State;
  error: string | null;
}

/**
 * How the next `POST /send` goes wrong: the connection is cut before or after the message was taken,
 * or it is refused.
 */
export type GatewayFault = "cut_before" | "cut_after" | { status: number; id: string };

/** The gateway's ledger of sends over real HTTP, played by a test. */
export class FakeGateway {
  readonly sends: GatewaySent[] = [];
  /** Whether the business's session stands. */
  connected = true;
  /** What becomes of a message that was taken. */
  state: State = "sent";
  readonly faults: GatewayFault[] = [];
  /** The id of the next message, once. */
  nextId: string | null = null;
  /** Each request, as `POST /send`. */
  readonly requests: string[] = [];
  /** Every request is cut, as by a gateway that hangs. */
  deaf = false;
  /** It takes messages, but tells nothing about them. */
  mute = false;
  #withdrawn = new Set<string>();
  #server: Server | undefined;
  #port = 0;

  async start(): Promise<this> {
    const server = createServer((request, response) => void this.#serve(request, response));
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  /** Nobody listens any more; `start` again brings it back with all it knew. */
  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    if (this.#server) await new Promise((closed) => this.#server!.close(closed));
    this.#server = undefined;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What went out, in order: what was withdrawn is not among it. */
  get texts(): (string | undefined)[] {
    return this.sends.filter(({ state }) => state !== "not_sent").map(({ body }) => body.text);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method = "", url = "" } = request;
    this.requests.push(`${method} ${url}`);
    const silent = this.deaf || (this.mute && method !== "POST");
    if (silent) return void request.socket.destroy();
    const say = (status: number, body: object) =>
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    const refuse = (status: number, id: string) =>
      say(status, {
        type: `urn:agentlocator:${id}`,
        status,
        title: id,
        detail: id,
        request_id: "",
      });
    if (method === "POST" && url === "/send") {
      const fault = this.faults.shift();
      if (fault === "cut_before") return void request.socket.destroy();
      if (typeof fault === "object") return void refuse(fault.status, fault.id);
      const body = JSON.parse(Buffer.concat(parts).toString()) as GatewaySend;
      const known = this.sends.find(({ key }) => key === body.idempotencyKey);
      if (!known && !this.connected) return void refuse(409, "not_connected");
      if (this.#withdrawn.has(body.idempotencyKey)) return void refuse(409, "withdrawn");
      const taken = known ?? this.#take(body);
      if (fault === "cut_after") return void request.socket.destroy();
      return void say(200, { ok: true, messageId: taken.messageId });
    }
    const [, kind, , key = ""] = url.split("/");
    if (kind === "sessions") return void say(200, session(this.connected));
    const found = this.sends.find((one) => one.key === decodeURIComponent(key));
    if (method === "GET") return void (found ? say(200, found) : refuse(404, "not_found"));
    const cancelled = found === undefined || ["journalled", "not_sent"].includes(found.state);
    if (cancelled) this.#withdrawn.add(decodeURIComponent(key));
    if (cancelled && found) found.state = "not_sent";
    return void say(200, { cancelled });
  }

  #take(body: GatewaySend): GatewaySent {
    const messageId = this.nextId ?? `3EB0${String(this.sends.length).padStart(18, "0")}`;
    this.nextId = null;
    const taken = { key: body.idempotencyKey, messageId, body, state: this.state, error: null };
    this.sends.push(taken);
    return taken;
  }
}

const session = (connected: boolean) => ({
  businessId: 1,
  state: connected ? "open" : "close",
  reason: null,
  connected,
  qr: null,
  phone: null,
  since: "2026-11-20T08:00:00.000Z",
  lastSeen: null,
  attempt: 0,
  nextRetryAt: null,
  detail: null,
});
