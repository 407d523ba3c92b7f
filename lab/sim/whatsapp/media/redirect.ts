import { Socket } from "node:net";
import tls from "node:tls";

interface Target {
  host?: string;
  port?: number | string;
}

/** The host and port that media servers are really at. */
let media_port: number | null = null;
let patched = false;

/**
 * Connections of this process to port 443 of `*.whatsapp.net` go to a port on loopback instead.
 * Names, certificates and whatever the client checks stay as they are. `null` ends it.
 */
export function redirectMedia(port: number | null): void {
  media_port = port;
  if (!patched) patch();
}

/** Lets this process trust an authority, beside those it trusts already. Returns the undoing. */
export function trustAuthority(ca: string): () => void {
  const before = tls.getCACertificates("default");
  tls.setDefaultCACertificates([...before, ca]);
  return () => tls.setDefaultCACertificates(before);
}

function patch(): void {
  patched = true;
  const connect = Socket.prototype.connect as (...args: unknown[]) => Socket;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
    const [first] = args;
    // net.connect hands over its arguments as one array; a copy would lose what marks it.
    if (Array.isArray(first)) first[0] = redirected(first[0]);
    else args[0] = redirected(first);
    return connect.apply(this, args);
  } as Socket["connect"];
}

function redirected(options: unknown): unknown {
  if (typeof options !== "object" || options === null || media_port === null) return options;
  const { host, port } = options as Target;
  if (Number(port) !== 443 || !/(^|\.)whatsapp\.net$/.test(host ?? "")) return options;
  return { ...options, host: "127.0.0.1", port: media_port };
}
