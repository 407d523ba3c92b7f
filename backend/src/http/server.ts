import type { IncomingMessage, OutgoingHttpHeaders, Server } from "node:http";
import Koa from "koa";
import type { Context, Middleware, Next } from "koa";
import websockify from "koa-websocket";
import type WebSocket from "ws";
import type { Histogram } from "prom-client";
import type { Logger } from "../platform/log.ts";
import { bodies, requests, securityHeaders } from "./middleware.ts";
import { requestId } from "./mount.ts";
import { notFound, problem, problemBody } from "./problem.ts";
import type { ProblemError } from "./problem.ts";

/** Twilio's frames are under 1 kB; nothing legitimate comes near this. */
const MAX_WS_PAYLOAD = 64 * 1024;
/** A browser that closed its page, such as one that listened to live events. */
const CLIENT_GONE = new Set(["ERR_STREAM_PREMATURE_CLOSE", "ECONNRESET", "EPIPE"]);
const MEDIA_PROTOCOL = "audio.twilio.com";
const IDLE_SWEEP_MS = 100;
/** Requests that have not ended by themselves this long after the server is closed are cut off. */
const REQUESTS_END_MS = 5000;

export interface SocketRoute {
  /** Exact path, matched with and without a trailing slash. */
  path: string;
  /** false refuses the upgrade with 503. */
  admits(): boolean;
  handle(socket: WebSocket, ctx: Context): void;
}

export interface ServerOptions {
  log: Logger;
  seconds: Histogram;
  trust_proxy: boolean;
  middleware: ((ctx: never, next: Next) => unknown)[];
  sockets: SocketRoute[];
}

export interface HttpServer {
  listen(port: number, host: string): Promise<number>;
  /** Stops accepting; open sockets may finish, and open requests within five seconds. */
  close(): Promise<void>;
}

/** Koa with the product's middleware, and WebSockets on exactly the paths that are declared. */
export function createServer(options: ServerOptions): HttpServer {
  const { log, sockets } = options;
  const find = (url = "/") => {
    const path = url.split("?")[0]!.replace(/(.)\/$/, "$1");
    return sockets.find((socket) => socket.path === path);
  };

  const app = websockify(new Koa({ proxy: options.trust_proxy, maxIpsCount: 1 }), {
    perMessageDeflate: false,
    maxPayload: MAX_WS_PAYLOAD,
    clientTracking: false,
    // Echoed only when offered: an unsolicited subprotocol makes the peer fail the handshake.
    handleProtocols: (offered: Set<string>) => offered.has(MEDIA_PROTOCOL) && MEDIA_PROTOCOL,
    verifyClient: (
      { req }: { req: IncomingMessage },
      done: (ok: boolean, code?: number, text?: string, headers?: OutgoingHttpHeaders) => void,
    ) => {
      const refuse = (error: ProblemError) => {
        const { status, body } = problemBody(error, requestId(""));
        done(false, status, JSON.stringify(body), { "Content-Type": "application/problem+json" });
      };
      const socket = find(req.url);
      if (!socket) return refuse(notFound());
      if (!socket.admits()) return refuse(problem(503, "busy", "No more streams at this moment."));
      done(true);
    },
  });
  app.silent = true;
  app.on("error", (error: NodeJS.ErrnoException) => {
    const level = CLIENT_GONE.has(error.code ?? "") ? "debug" : "warn";
    log[level]({ err: error }, "[HTTP] response failed");
  });
  app.use(requests(log, options.seconds));
  app.use(securityHeaders);
  app.use(bodies());
  for (const middleware of options.middleware) app.use(middleware as Middleware);
  app.ws.use((ctx) => find(ctx.req.url)?.handle(ctx.websocket as never, ctx as never));

  let server: Server | undefined;
  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server = app.listen(port, host) as Server;
        // A header or body that trickles in must not hold a socket for long.
        server.headersTimeout = 15_000;
        server.requestTimeout = 60_000;
        server.keepAliveTimeout = 65_000;
        server.once("error", reject);
        server.once("listening", () => {
          const address = server!.address();
          resolve(typeof address === "object" && address ? address.port : port);
        });
      }),
    close: () =>
      new Promise((resolve) => {
        if (!server?.listening) return resolve();
        // A connection that was busy becomes idle later, and would be kept alive for a minute.
        const idle = setInterval(() => server?.closeIdleConnections(), IDLE_SWEEP_MS);
        const late = setTimeout(() => server?.closeAllConnections(), REQUESTS_END_MS);
        server.close(() => {
          clearInterval(idle);
          clearTimeout(late);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}
