import { get as getHttp } from "node:http";
import type { IncomingMessage } from "node:http";
import { get as getHttps } from "node:https";
import { isIP } from "node:net";
import { isPublic, NOT_PUBLIC, publicLookup } from "./public-address.ts";

/**
 * `refused`: not an address that we go to. `gone`: 404 or 410. `too_large`, `network`: as named.
 * The message names the host at most: paths and queries of media addresses are often secrets.
 */
export class DownloadError extends Error {
  override name = "DownloadError";
  readonly reason: "refused" | "gone" | "too_large" | "network";

  constructor(reason: DownloadError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface Download {
  readonly url: string;
  /** Whether the address may be gone to at all; asked again for each redirect. */
  readonly allowed: (url: URL) => boolean;
  /** The one origin that may be http or private: it is our own, or a test's. */
  readonly trusted_origin: string | undefined;
  readonly redirects: number;
  readonly max_bytes: number;
  /** For everything together. */
  readonly timeout_ms: number;
}

export interface Downloaded {
  readonly bytes: Buffer;
  /** Lower case, with parameters; empty when the server names none. */
  readonly content_type: string;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Gets bytes from an address that was given from outside. */
export async function download(wanted: Download): Promise<Downloaded> {
  const signal = AbortSignal.timeout(wanted.timeout_ms);
  let url = parse(wanted.url);
  let trusted = true;
  for (let hop = 0; ; hop++) {
    // A public host must not be able to send us to the trusted one, so trust is not regained.
    trusted &&= url.origin === wanted.trusted_origin;
    if (!trusted) assertPublic(url, wanted.allowed);
    const response = await request(url, trusted, signal);
    const { statusCode = 0, headers } = response;
    if (REDIRECTS.has(statusCode) && headers.location) {
      response.destroy();
      if (hop >= wanted.redirects) throw refused(url, "redirects");
      url = parse(headers.location, url);
      continue;
    }
    if (statusCode !== 200) {
      response.destroy();
      const reason = statusCode === 404 || statusCode === 410 ? "gone" : "network";
      throw new DownloadError(reason, `${url.hostname} answered with status ${statusCode}`);
    }
    const content_type = (headers["content-type"] ?? "").toLowerCase();
    return { bytes: await read(response, url, wanted.max_bytes), content_type };
  }
}

const refused = (url: URL, why: string) =>
  new DownloadError("refused", `${url.hostname || url.protocol}: ${why}`);

function parse(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  if (!url) throw new DownloadError("refused", "not a URL");
  if (url.username || url.password) throw refused(url, "credentials in the address");
  return url;
}

function assertPublic(url: URL, allowed: Download["allowed"]): void {
  if (url.protocol !== "https:") throw refused(url, "not https");
  if (url.port) throw refused(url, "not the standard port");
  if (!allowed(url)) throw refused(url, "not an allowed host");
  // A literal address never comes to the lookup.
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(literal) && !isPublic(literal)) throw refused(url, "not a public address");
}

async function request(url: URL, trusted: boolean, signal: AbortSignal): Promise<IncomingMessage> {
  const get = url.protocol === "https:" ? getHttps : getHttp;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = {
    "accept-encoding": "identity",
    "user-agent": "AgentLocator",
    origin: "https://web.whatsapp.com",
  };
  get(url, { signal, headers, agent: false, ...(!trusted && { lookup: publicLookup }) })
    .on("response", resolve)
    .on("error", reject);
  try {
    return await promise;
  } catch (error) {
    throw explain(error, url);
  }
}

async function read(response: IncomingMessage, url: URL, max_bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = Number(response.headers["content-length"] ?? 0);
  if (size <= max_bytes) {
    size = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > max_bytes) break;
        chunks.push(chunk);
      }
    } catch (error) {
      throw explain(error, url);
    }
  }
  response.destroy();
  if (size > max_bytes) {
    throw new DownloadError("too_large", `${url.hostname} sent more than ${max_bytes} bytes`);
  }
  return Buffer.concat(chunks);
}

function explain(error: unknown, url: URL): DownloadError {
  const { code, name } = error as NodeJS.ErrnoException;
  if (code === NOT_PUBLIC) return refused(url, "not a public address");
  return new DownloadError("network", `${url.hostname} can't be reached (${code ?? name})`);
}
