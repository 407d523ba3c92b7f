import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import twilio from "twilio";
import { WebSocketServer, type WebSocket } from "ws";
import { TwilioSim, type TwilioSimOptions } from "./index.ts";

// oxlint-disable-next-line typescript/no-explicit-any
type Message = Record<string, any> & { event: string };

/** A media socket as the simulator's tests see it from the product's side. */
export interface TestSocket {
  ws: WebSocket;
  messages: Message[];
  /** The first message of this event, past or to come. */
  next(event: string): Promise<Message>;
  media(audio: Buffer): void;
  mark(name: string): void;
  clear(): void;
}

type Answer = string | { status: number; type?: string; body?: string };

/** Just enough of a product for the simulator's own tests. */
export class TestProduct {
  readonly public_base_url = "https://phone.example";
  readonly requests: { path: string; params: Record<string, string> }[] = [];
  /** TwiML, or another answer, by path; unknown paths are 404. */
  answers: Record<string, Answer> = {};
  files: Record<string, { type: string; body: Buffer }> = {};
  sim: TwilioSim;
  onSocket: (socket: TestSocket) => void = () => {};
  #server: Server;
  #sockets: WebSocketServer;
  #waiting: ((socket: TestSocket) => void)[] = [];

  constructor(options: Partial<TwilioSimOptions> = {}) {
    this.sim = new TwilioSim({ public_base_url: this.public_base_url, ...options });
    this.#server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const path = request.url ?? "";
      const file = this.files[path];
      if (file) return void response.writeHead(200, { "content-type": file.type }).end(file.body);
      const params = Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString()));
      const url = `${this.public_base_url}${path}`;
      const signature = String(request.headers["x-twilio-signature"]);
      if (!twilio.validateRequest(this.sim.auth_token, signature, url, params)) {
        return void response.writeHead(403).end();
      }
      this.requests.push({ path, params });
      const answer = this.answers[path] ?? { status: path.includes("status") ? 204 : 404 };
      const {
        status = 200,
        type = "text/xml",
        body = "",
      } = typeof answer === "string" ? { body: answer } : answer;
      response.writeHead(status, { "content-type": type }).end(body);
    });
    this.#sockets = new WebSocketServer({
      server: this.#server,
      path: "/ws/twilio-media",
      handleProtocols: (offered) => offered.has("audio.twilio.com") && "audio.twilio.com",
    });
    this.#sockets.on("connection", (ws) => this.#accept(ws));
  }

  async start(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const { port } = this.#server.address() as AddressInfo;
    this.sim.target = `http://127.0.0.1:${port}`;
    await this.sim.start();
    return this;
  }

  async stop(): Promise<void> {
    await this.sim.stop();
    for (const ws of this.#sockets.clients) ws.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  nextSocket(): Promise<TestSocket> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  connect(attributes = ""): string {
    return this.response(
      `<Connect action="${this.public_base_url}/after"><Stream url="wss://phone.example/ws/twilio-media" statusCallback="${this.public_base_url}/stream_status"${attributes}><Parameter name="token" value="t&amp;1"/></Stream></Connect>`,
    );
  }

  response(verbs: string): string {
    return `<?xml version="1.0" encoding="UTF-8"?><Response>${verbs}</Response>`;
  }

  #accept(ws: WebSocket): void {
    const messages: Message[] = [];
    const waiting: { event: string; resolve(message: Message): void }[] = [];
    let sid = "";
    ws.on("message", (data) => {
      let message: Message;
      try {
        message = JSON.parse(String(data)) as Message;
      } catch {
        message = { event: "broken" };
      }
      messages.push(message);
      if (message.event === "start") sid = String(message.streamSid);
      for (const one of waiting) if (one.event === message.event) one.resolve(message);
    });
    const send = (event: string, fields: object) => {
      ws.send(JSON.stringify({ event, streamSid: sid, ...fields }));
    };
    const socket: TestSocket = {
      ws,
      messages,
      next: (event) => {
        const found = messages.find((message) => message.event === event);
        if (found) return Promise.resolve(found);
        return new Promise((resolve) => waiting.push({ event, resolve }));
      },
      media: (audio) => send("media", { media: { payload: audio.toString("base64") } }),
      mark: (name) => send("mark", { mark: { name } }),
      clear: () => send("clear", {}),
    };
    this.onSocket(socket);
    this.#waiting.shift()?.(socket);
  }
}
