import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { WebSocketServer } from "ws";
import { ModelSession, type SessionDeps } from "./model-session.ts";

/**
 * A speech model on loopback for load: the Realtime protocol at a fraction of a simulator's cost,
 * without its checks.
 */
export class LoadModel {
  readonly api_key = "sk-bench";
  private readonly server: Server;
  private readonly sockets: WebSocketServer;
  private readonly deps: SessionDeps;

  constructor(deps: SessionDeps) {
    this.deps = deps;
    this.server = createServer((_, response) => response.writeHead(404).end());
    this.sockets = new WebSocketServer({ server: this.server, skipUTF8Validation: true });
    this.sockets.on("connection", (ws, request) => {
      if (request.headers.authorization !== `Bearer ${this.api_key}`) return ws.close(4401);
      if (!request.url?.startsWith("/v1/realtime?model=")) return ws.close(4404);
      ws.once("close", () => undefined);
      new ModelSession(ws, this.deps);
    });
  }

  /** For OPENAI_BASE_URL. */
  get base_url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  async start(): Promise<this> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return this;
  }

  async stop(): Promise<void> {
    for (const ws of this.sockets.clients) ws.terminate();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
