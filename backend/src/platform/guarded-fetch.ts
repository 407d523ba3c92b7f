import { isIP } from "node:net";
import { Agent, request } from "undici";
import type { Dispatcher } from "undici";
import {
  isPublicAddress,
  PrivateAddressError,
  publicOnlyLookup,
  systemResolve,
} from "./public-address.ts";
import type { Resolve } from "./public-address.ts";

export interface GuardedRequest {
  url: string;
  /** Where it may lead: exact names (`api.twilio.com`) or suffixes (`.twiliocdn.com`). */
  hosts: readonly string[];
  /** The origin of a base-URL setting that names a test host. It alone may be http and private. */
  test_origin?: string | undefined;
  /** Sent to the origin of `url` only, not to where it redirects. */
  basic_auth?: { username: string; password: string } | undefined;
  max_bytes: number;
  /** For everything together: redirects, headers, body. */
  timeout_ms: number;
  signal?: AbortSignal | undefined;
}

export interface GuardedResponse {
  status: number;
  /** Lower case, without parameters; empty when the server names none. */
  content_type: string;
  /** Empty unless the status is 2xx. */
  body: Buffer;
}

export type GuardedFetch = (wanted: GuardedRequest) => Promise<GuardedResponse>;

/**
 * `refused`: the address is not one we go to. `too_large`, `timeout`, `network`: as named.
 * The message names the host at most: paths and queries of media addresses are often secrets.
 */
export class GuardedFetchError extends Error {
  override name = "GuardedFetchError";
  readonly reason: "refused" | "too_large" | "timeout" | "network";

  constructor(reason: GuardedFetchError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * The one client for addresses that were given to us from outside. It follows a GET to allowed
 * hosts over https and public addresses only, checks each redirect like the first address, and
 * bounds size and time. Bodies are taken as they are sent: nothing is decompressed.
 */
export function createGuardedFetch({
  resolve = systemResolve,
}: { resolve?: Resolve } = {}): GuardedFetch {
  return async (wanted) => {
    const timeout = AbortSignal.timeout(wanted.timeout_ms);
    const signal = wanted.signal ? AbortSignal.any([timeout, wanted.signal]) : timeout;
    const first = parseUrl(wanted.url);
    let url = first;
    let trusted = true;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      // A public host must not be able to send us to the test host, so trust is not regained.
      trusted &&=
        wanted.test_origin !== undefined && url.origin === new URL(wanted.test_origin).origin;
      if (!trusted) assertAllowed(url, wanted.hosts);
      const agent = new Agent({
        allowH2: false,
        connect: trusted ? {} : { lookup: publicOnlyLookup(resolve) },
      });
      try {
        const response = await request(url, {
          dispatcher: agent,
          signal,
          headers: headersFor(wanted, url.origin === first.origin),
        });
        const location = response.headers["location"];
        if (!REDIRECTS.has(response.statusCode) || typeof location !== "string") {
          return await read(response, url, wanted.max_bytes);
        }
        url = parseUrl(location, url);
      } catch (error) {
        throw explain(error, url, timeout);
      } finally {
        await agent.destroy();
      }
    }
    throw new GuardedFetchError("refused", `${first.hostname} redirects too often`);
  };
}

function parseUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  if (!url) throw new GuardedFetchError("refused", "not a URL");
  if (url.username || url.password) {
    throw new GuardedFetchError("refused", `credentials in the address of ${url.hostname}`);
  }
  return url;
}

function assertAllowed(url: URL, hosts: readonly string[]): void {
  const refuse = (why: string) => {
    throw new GuardedFetchError("refused", `${url.hostname || url.protocol}: ${why}`);
  };
  if (url.protocol !== "https:") refuse("not https");
  if (url.port) refuse("not the standard port");
  const allowed = hosts.some((host) =>
    host.startsWith(".") ? url.hostname.endsWith(host) : url.hostname === host,
  );
  if (!allowed) refuse("not an allowed host");
  // A literal address never comes to the lookup. URL has already brought 0x7f.1 and the like to
  // the usual form.
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(literal) && !isPublicAddress(literal)) refuse("not a public address");
}

function headersFor({ basic_auth }: GuardedRequest, sameOrigin: boolean): Record<string, string> {
  const headers = { "accept-encoding": "identity", "user-agent": "AgentLocator" };
  if (!basic_auth || !sameOrigin) return headers;
  const { username, password } = basic_auth;
  const encoded = Buffer.from(`${username}:${password}`).toString("base64");
  return { ...headers, authorization: `Basic ${encoded}` };
}

async function read(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  url: URL,
  max_bytes: number,
): Promise<GuardedResponse> {
  const content_type = String(headers["content-type"] ?? "")
    .split(";")[0]!
    .trim()
    .toLowerCase();
  if (statusCode < 200 || statusCode > 299) {
    return { status: statusCode, content_type, body: Buffer.alloc(0) };
  }
  if ((headers["content-encoding"] ?? "identity") !== "identity") {
    throw new GuardedFetchError("refused", `${url.hostname} sent a compressed body`);
  }
  const chunks: Buffer[] = [];
  let size = Number(headers["content-length"] ?? 0) > max_bytes ? Infinity : 0;
  if (size <= max_bytes) {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > max_bytes) break;
      chunks.push(chunk);
    }
  }
  if (size > max_bytes) {
    throw new GuardedFetchError("too_large", `${url.hostname} sent more than ${max_bytes} bytes`);
  }
  return { status: statusCode, content_type, body: Buffer.concat(chunks) };
}

function explain(error: unknown, url: URL, timeout: AbortSignal): GuardedFetchError {
  if (error instanceof GuardedFetchError) return error;
  if (error instanceof PrivateAddressError) return new GuardedFetchError("refused", error.message);
  if (timeout.aborted) return new GuardedFetchError("timeout", `${url.hostname} took too long`);
  const { code, name } = error as NodeJS.ErrnoException;
  return new GuardedFetchError("network", `${url.hostname} can't be reached (${code ?? name})`);
}
