import { once } from "node:events";
import { createServer, request } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";

/** A load balancer that sends requests to one replica, and WebSockets to another. */
export async function startFront(to: { requests: string; sockets: string }) {
  const server = createServer((incoming, outgoing) => {
    const { method, headers } = incoming;
    const forward = request(
      to.requests + incoming.url,
      { agent: false, method, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forward.on("error", () => outgoing.writeHead(502).end());
    incoming.pipe(forward);
  });
  server.on("upgrade", ({ url, rawHeaders }, near, head) => {
    const { hostname, port } = new URL(to.sockets);
    const far = connect(Number(port), hostname);
    const lines = rawHeaders.map((part, i) => (i % 2 === 0 ? `${part}: ` : `${part}\r\n`));
    far.write(`GET ${url} HTTP/1.1\r\n${lines.join("")}\r\n`);
    far.write(head);
    near.on("error", () => far.destroy()).on("close", () => far.destroy());
    far.on("error", () => near.destroy()).on("close", () => near.destroy());
    near.pipe(far).pipe(near);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
