import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

async function tryListen(host: string, port: number): Promise<number> {
  const server = createServer().listen(port, host);
  await once(server, "listening");
  const { port: chosen } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return chosen;
}

/** A port that `host` can listen on now. */
export function freePort(host = "127.0.0.1"): Promise<number> {
  return tryListen(host, 0);
}

/** Why `host`:`port` can't be listened on, in words for a person; undefined when it can. */
export async function whyTaken(host: string, port: number): Promise<string | undefined> {
  // "localhost" is ::1 first in browsers: somebody there would get our visitors.
  const hosts = host === "0.0.0.0" ? [host, "::1"] : [host];
  for (const each of hosts) {
    try {
      await tryListen(each, port);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EADDRINUSE") {
        return `Port ${port} is taken by another program. Set PORT to a free one.`;
      }
      if (code === "EACCES") {
        return `Port ${port} needs more rights than this user has. Set PORT to one above 1023.`;
      }
      if (each === host) return `HOST ${host} can't be listened on: ${code}.`;
    }
  }
  return undefined;
}
