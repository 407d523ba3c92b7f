import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Faults, faultOf } from "../faults.ts";
import { stanza, type Stanza } from "../stanza.ts";
import { throwAwayAuthority } from "./certificate.ts";
import { decryptMedia, encryptMedia, sha256, type MediaKind } from "./cipher.ts";

/** What can go wrong with an upload or a download. */
export type MediaFault =
  | { kind: "http"; status: number }
  /** The answer begins after `ms`. */
  | { kind: "slow"; ms: number }
  /** The connection is cut in the middle of the body. */
  | { kind: "cut" }
  /** The body never ends. */
  | { kind: "endless" };

/** What a message tells of its file. */
export interface MediaFields {
  url: string;
  directPath: string;
  mediaKey: Uint8Array;
  fileSha256: Uint8Array;
  fileEncSha256: Uint8Array;
  fileLength: number;
  mediaKeyTimestamp: number;
}

export interface MediaRequest {
  method: string;
  path: string;
  status: number;
}

const max_upload = 100 * 1024 * 1024;

/** WhatsApp's media servers: `*.whatsapp.net` by certificate, loopback in truth. */
export class MediaHost {
  readonly hostname = "mmg.whatsapp.net";
  readonly requests: MediaRequest[] = [];
  readonly faults = new Faults<MediaFault>();
  #files = new Map<string, Buffer>();
  #expired = new Map<string, Buffer>();
  #auth = randomBytes(12).toString("base64url");
  #authority = throwAwayAuthority(["*.whatsapp.net", "whatsapp.net"]);
  #directory = "";
  #server: Server | null = null;
  #violation: (reason: string) => void;

  constructor(violation: (reason: string) => void) {
    this.#violation = violation;
  }

  /** The authority's certificate as PEM, for NODE_EXTRA_CA_CERTS or this process's own list. */
  get ca(): string {
    return this.#authority.ca.certificate;
  }

  /** A file with it; gone after `stop`. */
  get ca_path(): string {
    return join(this.#directory, "ca.pem");
  }

  get port(): number {
    return (this.#server?.address() as AddressInfo | null)?.port ?? 0;
  }

  async start(): Promise<void> {
    const { key, certificate: cert } = this.#authority.server;
    const server = createServer({ key, cert }, (request, response) => {
      void this.#handle(request, response).catch(() => response.destroy());
    });
    // A client that does not trust the authority ends the handshake; that is its business.
    server.on("tlsClientError", (_, socket) => socket.destroy());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    this.#server = server;
    this.#directory = mkdtempSync(join(tmpdir(), "agentlocator-media-"));
    writeFileSync(this.ca_path, this.ca);
    process.once("exit", this.#removeDirectory);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    process.off("exit", this.#removeDirectory);
    this.#removeDirectory();
  }

  #removeDirectory = (): void => rmSync(this.#directory, { recursive: true, force: true });

  /** Answer to a client that asks where to upload. */
  connection(): Stanza {
    const limit = String(max_upload);
    return stanza("media_conn", { auth: this.#auth, ttl: "300", auth_ttl: "3600" }, [
      stanza("host", { hostname: this.hostname, type: "primary", maxContentLengthBytes: limit }),
    ]);
  }

  /** Keeps a file as its sender's phone would have uploaded it. */
  async store(kind: MediaKind, file: Buffer): Promise<MediaFields> {
    const { media_key, sha256, encrypted, encrypted_sha256 } = await encryptMedia(kind, file);
    return {
      ...this.#keep(encrypted),
      mediaKey: media_key,
      fileSha256: sha256,
      fileEncSha256: encrypted_sha256,
      fileLength: file.length,
      mediaKeyTimestamp: Math.floor(Date.now() / 1000),
    };
  }

  /** The file of a message. @throws when it is not there, or not what the message says */
  async open(
    kind: MediaKind,
    fields: Partial<Record<keyof MediaFields, unknown>>,
  ): Promise<Buffer> {
    const { directPath, mediaKey, fileSha256 } = fields as Partial<MediaFields>;
    const encrypted = this.#files.get(pathOf(directPath ?? ""));
    if (!encrypted || !mediaKey) throw new Error("media: nothing there");
    const file = await decryptMedia(kind, mediaKey, encrypted);
    if (!sha256(file).equals(Buffer.from(fileSha256 ?? []))) throw new Error("media: wrong hash");
    return file;
  }

  /** Everything stored so far is gone; its sender's phone can be asked for it. */
  expire(): void {
    for (const [path, file] of this.#files) this.#expired.set(path, file);
    this.#files.clear();
  }

  /** Uploads again what is gone. Null when it never was there. */
  restore(direct_path: string): { directPath: string } | null {
    const path = pathOf(direct_path);
    const encrypted = this.#files.get(path) ?? this.#expired.get(path);
    return encrypted ? this.#keep(encrypted) : null;
  }

  #keep(encrypted: Buffer): { url: string; directPath: string } {
    const path = `/v/t62.7118-24/${randomBytes(8).toString("hex")}_n.enc`;
    this.#files.set(path, encrypted);
    const directPath = `${path}?ccb=11-4&oh=${randomBytes(8).toString("hex")}&oe=FFFFFFFF&_nc_sid=5e03e0`;
    return { url: `https://${this.hostname}${directPath}&mms3=true`, directPath };
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const faults = this.faults.take();
    const slow = faultOf(faults, "slow");
    if (slow) await new Promise((resolve) => setTimeout(resolve, slow.ms).unref());
    const answer = (status: number, body: Buffer, type = "application/octet-stream") => {
      this.requests.push({ method, path: pathOf(url), status });
      if (faultOf(faults, "endless")) {
        response.writeHead(status, { "content-type": type });
        return void response.write(body);
      }
      response.writeHead(status, { "content-type": type, "content-length": body.length });
      if (!faultOf(faults, "cut")) return void response.end(body);
      response.write(body.subarray(0, body.length / 2), () => response.destroy());
    };
    const http = faultOf(faults, "http");
    if (http) return answer(http.status, Buffer.alloc(0));
    if (method === "POST") return answer(...(await this.#upload(request)), "application/json");
    const path = pathOf(url);
    const file = this.#files.get(path);
    if (file) return answer(200, file);
    answer(this.#expired.has(path) ? 410 : 404, Buffer.alloc(0));
  }

  async #upload(request: IncomingMessage): Promise<[number, Buffer]> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const encrypted = Buffer.concat(parts);
    const url = new URL(request.url ?? "", `https://${this.hostname}`);
    const [, name] = /^\/mms\/(?:image|video|document|audio)\/([^/]+)$/.exec(url.pathname) ?? [];
    const hash = sha256(encrypted).toString("base64url");
    const wrong =
      (name === undefined && `upload to ${url.pathname}`) ||
      (url.searchParams.get("auth") !== this.#auth && "upload without the right auth") ||
      (decodeURIComponent(name!) !== hash && "upload under another hash") ||
      (url.searchParams.get("token") !== name && "upload with another token");
    if (wrong) {
      this.#violation(wrong);
      return [403, Buffer.from("{}")];
    }
    const { url: address, directPath } = this.#keep(encrypted);
    return [200, Buffer.from(JSON.stringify({ url: address, direct_path: directPath }))];
  }
}

function pathOf(url: string): string {
  return url.split("?")[0]!;
}
