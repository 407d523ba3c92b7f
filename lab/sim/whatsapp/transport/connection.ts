import { once } from "node:events";
import type { Socket } from "node:net";
import { decodeBinaryNode, encodeBinaryNode, type proto } from "@whiskeysockets/baileys";
import type { WebSocket } from "ws";
import { Malformed, stanza, type Stanza } from "../stanza.ts";
import { frame, FrameReader } from "./frames.ts";
import { NoiseServer, type ServerIdentity } from "./noise.ts";

/** What the connection tells its owner. */
export interface ConnectionEvents {
  /** The handshake is over. */
  onHello(hello: { noise_key: Buffer; payload: proto.ClientPayload }): Promise<void> | void;
  onStanza(node: Stanza): Promise<void> | void;
  onViolation(reason: string): void;
  onClose(): void;
}

/** One client's WebSocket, from the upgrade to its end. */
export class Connection {
  /** Everything the client says is read and nothing is answered. */
  muted = false;
  #ws: WebSocket;
  #socket: Socket;
  #noise: NoiseServer;
  #frames = new FrameReader();
  #state: "hello" | "finish" | "open" = "hello";
  #events: ConnectionEvents;
  /** Stanzas are handled one after the other, as they came. */
  #turn: Promise<void> = Promise.resolve();

  constructor(ws: WebSocket, socket: Socket, identity: ServerIdentity, events: ConnectionEvents) {
    this.#ws = ws;
    this.#socket = socket;
    this.#noise = new NoiseServer(identity);
    this.#events = events;
    ws.on("message", (data) => {
      this.#turn = this.#turn.then(() => this.#receive(data as Buffer));
    });
    ws.on("error", () => ws.terminate());
    ws.on("close", () => events.onClose());
  }

  get open(): boolean {
    return this.#ws.readyState === this.#ws.OPEN;
  }

  /** Sends one stanza; after the end, or muted, it is lost. */
  send(node: Stanza): void {
    if (!this.open || this.muted) return;
    // The first byte of a frame says whether the rest is compressed; the encoder writes it.
    this.#ws.send(frame(this.#noise.seal(encodeBinaryNode(node))));
  }

  /** Ends the stream properly: the last stanza, the stream's end, the close frame. */
  end(last?: Stanza): void {
    if (last) this.send(last);
    this.send(stanza("xmlstreamend"));
    this.#ws.close();
  }

  /** Sends the last stanza and closes, without the stream's end. */
  close(last: Stanza): void {
    this.send(last);
    this.#ws.close();
  }

  /** Cuts the TCP connection. */
  drop(): void {
    this.#ws.terminate();
  }

  /** As a network that swallows everything from now on: no close, no reset, no answer. */
  halfOpen(): void {
    this.muted = true;
    this.#socket.pause();
  }

  get closed(): Promise<void> {
    if (this.#ws.readyState === this.#ws.CLOSED) return Promise.resolve();
    return once(this.#ws, "close").then(() => {});
  }

  async #receive(data: Buffer): Promise<void> {
    try {
      for (const bytes of this.#frames.push(data)) await this.#frame(bytes);
    } catch (error) {
      if (!this.open) return;
      this.#events.onViolation((error as Error).message);
      this.drop();
    }
  }

  async #frame(bytes: Buffer): Promise<void> {
    if (this.#state === "hello") {
      const answer = frame(this.#noise.hello(bytes));
      this.#state = "finish";
      if (!this.muted && this.open) this.#ws.send(answer);
    } else if (this.#state === "finish") {
      const hello = this.#noise.finish(bytes);
      this.#state = "open";
      await this.#events.onHello(hello);
    } else {
      const node = (await decodeBinaryNode(this.#noise.open(bytes))) as Stanza;
      try {
        await this.#events.onStanza(node);
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        this.#events.onViolation(error.message);
      }
    }
  }
}
