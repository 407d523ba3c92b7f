import { isIP } from "node:net";
import { connect } from "node:tls";

const TIMEOUT_MS = 5000;

/**
 * When the certificate ends that is served for an https address; seconds since the epoch, null
 * when there is none to be seen. It is not verified: an expired one has an end too.
 * @param looked_at `host:port` to be asked before the address itself, such as the proxy from inside
 */
export async function certificateEnd(address: string, looked_at?: string): Promise<number | null> {
  const { protocol, hostname, port } = new URL(address);
  if (protocol !== "https:") return null;
  const inside = looked_at ? new URL(`https://${looked_at}`) : undefined;
  const near = inside && (await endAt(inside.hostname, Number(inside.port || 443), hostname));
  return near ?? endAt(hostname, Number(port || 443), hostname);
}

function endAt(host: string, port: number, name: string): Promise<number | null> {
  const { promise, resolve } = Promise.withResolvers<number | null>();
  const servername = isIP(name.replace(/[[\]]/g, "")) ? "" : name;
  const socket = connect({ host, port, servername, rejectUnauthorized: false }, () => {
    const ms = Date.parse(socket.getPeerCertificate().valid_to);
    resolve(Number.isNaN(ms) ? null : ms / 1000);
    socket.destroy();
  });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
  // Nobody there, or no TLS: nothing is to be seen.
  socket.on("error", () => socket.destroy());
  socket.on("close", () => resolve(null));
  return promise;
}
