import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Curve, WA_CERT_DETAILS } from "@whiskeysockets/baileys";
import { WebSocketServer } from "ws";
import { Arrival } from "./arrival.ts";
import { Messages } from "./conversation.ts";
import { Customer } from "./customer.ts";
import { Faults, faultOf, type ConnectionFault } from "./faults.ts";
import { address, digits, lidOf } from "./jid.ts";
import { MediaHost } from "./media/host.ts";
import { redirectMedia, trustAuthority } from "./media/redirect.ts";
import type { Network, Violation } from "./network.ts";
import { Pairing } from "./pairing.ts";
import { Phone, type PhoneOptions } from "./phone.ts";
import { describe, type Stanza } from "./stanza.ts";
import type { CustomerOptions } from "./talk.ts";
import { certificateChain, foreign_root, root_key } from "./transport/certificate.ts";
import type { ServerIdentity } from "./transport/noise.ts";

export interface WhatsAppSimOptions {
  /** How many QR codes a client may show before it has to connect again. Default 6. */
  qr_refs?: number;
  /**
   * The server claims to have so many one-time keys of a device, so that the client makes and
   * uploads none: it logs in in half the time, and sessions start without them. Default 0.
   */
  claimed_keys?: number;
  /**
   * A device of a known phone that this server never linked is let in, as if it had been linked
   * before a restart of the simulator. Default false: it is logged out (401).
   */
  trusts_unknown_devices?: boolean;
}

/** WhatsApp on loopback, as its web clients see it: accounts, customers and the wire between. */
export class WhatsAppSim implements Network {
  /** What clients did that WhatsApp would refuse. Tests expect it to be empty. */
  readonly violations: Violation[] = [];
  /** Strike when a client connects, whoever it is. */
  readonly connections = new Faults<ConnectionFault>();
  /** Connections that were made, refused ones among them. */
  attempts = 0;
  readonly claimed_keys: number;
  readonly messages = new Messages();
  readonly media = new MediaHost((reason) => this.violation("", reason));
  readonly #phones = new Map<string, Phone>();
  readonly #customers = new Map<string, Customer>();
  readonly #by_lid = new Map<string, Phone | Customer>();
  readonly #pairing = new Pairing(this);
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: 8 * 1024 * 1024 });
  readonly #raw = new Set<Duplex>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #identity: ServerIdentity;
  readonly #qr_refs: number;
  readonly #trusts_unknown_devices: boolean;
  #foreign: ServerIdentity | null = null;
  #server: Server | null = null;
  #port = 0;
  #everywhere = false;
  #stopped = false;

  constructor(options: WhatsAppSimOptions = {}) {
    this.#qr_refs = options.qr_refs ?? 6;
    this.#trusts_unknown_devices = options.trusts_unknown_devices ?? false;
    this.claimed_keys = options.claimed_keys ?? 0;
    const static_key = Curve.generateKeyPair();
    this.#identity = { static_key, certificate: certificateChain(static_key.public) };
  }

  /** For WA_WEB_SOCKET_URL: `ws://127.0.0.1:<port>/ws/chat`. */
  get url(): string {
    return `ws://127.0.0.1:${this.#port}/ws/chat`;
  }

  /** Environment of a client in a process of its own, so that it takes this for WhatsApp. */
  get env(): Record<string, string> {
    return {
      WA_WEB_SOCKET_URL: this.url,
      WA_SIM_MEDIA_PORT: String(this.media.port),
      NODE_EXTRA_CA_CERTS: this.media.ca_path,
      NODE_OPTIONS: `--import=${new URL("trust-root.ts", import.meta.url).href}`,
    };
  }

  /**
   * Makes this process take the simulator for WhatsApp: the root key, the media servers' names and
   * authority. Returns the undoing.
   */
  trusted(): () => void {
    const root = WA_CERT_DETAILS.PUBLIC_KEY;
    WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(root_key.public);
    redirectMedia(this.media.port);
    const distrust = trustAuthority(this.media.ca);
    return () => {
      WA_CERT_DETAILS.PUBLIC_KEY = root;
      redirectMedia(null);
      distrust();
    };
  }

  /** Listens on loopback, or `everywhere`; port 0 or none takes a free one. */
  async start({ port = this.#port, everywhere = this.#everywhere } = {}): Promise<this> {
    this.#everywhere = everywhere;
    this.#stopped = false;
    this.#server = createServer((_, response) => void response.writeHead(404).end());
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    this.#server.listen(port, everywhere ? undefined : "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
    if (this.media.port === 0) await this.media.start();
    return this;
  }

  /** Cuts every connection and stops listening. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all([this.goOffline(), this.media.stop()]);
  }

  /** Cuts every connection and refuses new ones, until goOnline listens on the same port again. */
  async goOffline(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    const stopped = server && new Promise((resolve) => server.close(resolve));
    for (const client of this.#sockets.clients) client.terminate();
    for (const socket of this.#raw) socket.destroy();
    server?.closeAllConnections();
    await stopped;
  }

  async goOnline(): Promise<void> {
    await this.start();
  }

  /** The phone of a business's owner, by number; the same one each time. */
  phone(number: string, options: PhoneOptions = {}): Phone {
    const key = digits(number);
    const known = this.#phones.get(key);
    if (known) return known;
    const lid = options.lid ?? lidOf(key);
    const phone = new Phone(key, lid, options, { network: this, pairing: this.#pairing });
    this.#phones.set(key, phone);
    this.#by_lid.set(lid, phone);
    return phone;
  }

  /** Somebody on WhatsApp, by number; the same one each time. Others are not on WhatsApp. */
  customer(number: string, options: CustomerOptions = {}): Customer {
    const key = digits(number);
    const known = this.#customers.get(key);
    if (known) return known;
    const lid = options.lid ?? lidOf(key);
    const customer = new Customer(key, lid, options, this);
    this.#customers.set(key, customer);
    this.#by_lid.set(lid, customer);
    return customer;
  }

  find(jid: string): Phone | Customer | null {
    const { user, server } = address(jid);
    if (server === "lid") return this.#by_lid.get(user) ?? null;
    return this.#phones.get(user) ?? this.#customers.get(user) ?? null;
  }

  customers(): Iterable<Customer> {
    return this.#customers.values();
  }

  violation(number: string, reason: string, node?: Stanza): void {
    this.violations.push({ number, reason, stanza: node ? describe(node) : "" });
  }

  later(ms: number, run: () => void): void {
    if (this.#stopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
  }

  newId(): string {
    return randomBytes(9).toString("hex").toUpperCase();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.attempts += 1;
    this.#raw.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#raw.delete(socket));
    const faults = this.connections.take();
    if (faultOf(faults, "reset")) return void socket.destroy();
    if (faultOf(faults, "no_upgrade")) return;
    const http = faultOf(faults, "http");
    if (http) {
      const close = http.keep_open ? "" : "connection: close\r\n";
      socket.write(`HTTP/1.1 ${http.status} Refused\r\ncontent-length: 0\r\n${close}\r\n`);
      if (!http.keep_open) socket.end();
      return;
    }
    if (new URL(request.url ?? "", "http://sim").pathname !== "/ws/chat") {
      this.violation("", `no such address: ${request.url}`);
      return void socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n");
    }
    this.#sockets.handleUpgrade(request, socket, head, (ws) => {
      if (faultOf(faults, "no_hello")) return;
      const identity = faultOf(faults, "foreign_certificate") ? this.#stranger() : this.#identity;
      const arrival = new Arrival(this, {
        pairing: this.#pairing,
        qr_refs: this.#qr_refs,
        trusts_unknown_devices: this.#trusts_unknown_devices,
        faults,
        phones: this.#phones,
      });
      arrival.take(ws, socket as Socket, identity);
    });
  }

  #stranger(): ServerIdentity {
    const static_key = Curve.generateKeyPair();
    this.#foreign ??= {
      static_key,
      certificate: certificateChain(static_key.public, foreign_root),
    };
    return this.#foreign;
  }
}
