import { once } from "node:events";
import { connect, createServer } from "node:net";
import tls from "node:tls";

const LOOK_MS = 1_000;
const PROXY = "nginx";

/**
 * Makes the appliance's public address, a name of this machine, lead to its proxy here too, and
 * takes whatever certificate it has for one of a known authority: it still has to be of this name
 * and in its time.
 */
export async function reachAppliance(public_base_url: string): Promise<void> {
  const { protocol, port } = new URL(public_base_url);
  const secure = protocol === "https:";
  const behind = secure ? 443 : 80;
  const server = createServer((socket) => {
    const onward = connect(behind, PROXY);
    const cut = () => {
      socket.destroy();
      onward.destroy();
    };
    for (const end of [socket, onward]) end.setNoDelay(true).on("error", cut).on("close", cut);
    socket.pipe(onward).pipe(socket);
  });
  const opened = Promise.withResolvers<void>();
  server.once("error", opened.reject);
  server.listen(Number(port) || behind, "127.0.0.1", opened.resolve);
  await opened.promise;
  if (secure) trustWhatIsThere();
}

function trustWhatIsThere(): void {
  const trust = trustOnSight();
  const look = async () => {
    // It may be away: that is looked at again.
    await trust(PROXY, 443).catch(() => undefined);
    setTimeout(look, LOOK_MS);
  };
  void look();
}

/** What has this process trust the certificate that a server has now, in place of the one before. */
export function trustOnSight(): (host: string, port: number) => Promise<void> {
  const authorities = tls.getCACertificates("bundled");
  let trusted = "";
  return async (host, port) => {
    const socket = tls.connect({ host, port, rejectUnauthorized: false });
    try {
      await once(socket, "secureConnect", { signal: AbortSignal.timeout(5_000) });
      const pem = socket.getPeerX509Certificate()?.toString() ?? "";
      if (pem && pem !== trusted) tls.setDefaultCACertificates([...authorities, pem]);
      trusted = pem;
    } finally {
      socket.destroy();
    }
  };
}
