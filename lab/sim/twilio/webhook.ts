import twilio from "twilio";

/** The origins Twilio sees, and where they are in the laboratory. */
export interface Network {
  /** PUBLIC_BASE_URL of the product. */
  public_base_url: string;
  /** Where it listens; the public address when absent. */
  target?: string;
  auth_token: string;
}

export interface WebhookRequest {
  url: string;
  params: Record<string, string>;
  /** HTTP status; 0 when there was no answer. */
  status: number;
  content_type: string;
  body: string;
  /** How long the answer took. */
  ms: number;
}

/** Twilio waits this long for an answer. */
const patience_ms = 15_000;

/** X-Twilio-Signature of a request. */
export function signature(
  auth_token: string,
  url: string,
  params: Record<string, string> = {},
): string {
  return twilio.getExpectedTwilioSignature(auth_token, url, params);
}

/** The address to connect to for a public URL; null when the name is not the product's. */
export function reach(url: string, { public_base_url, target }: Network): string | null {
  if (!URL.canParse(url)) return null;
  const asked = new URL(url);
  if (asked.host !== new URL(public_base_url).host) return null;
  const { host, protocol } = new URL(target ?? public_base_url);
  const tls = protocol === "https:" ? "s" : "";
  const scheme = asked.protocol.startsWith("ws") ? `ws${tls}:` : `http${tls}:`;
  return `${scheme}//${host}${asked.pathname}${asked.search}`;
}

/** Posts (or gets) a signed webhook. Never throws. */
export async function callWebhook(
  url: string,
  params: Record<string, string>,
  network: Network,
  method = "POST",
): Promise<WebhookRequest> {
  const full = method === "GET" ? `${url}?${String(new URLSearchParams(params))}` : url;
  const signed = signature(network.auth_token, full, method === "GET" ? {} : params);
  const address = reach(full, network);
  const started = performance.now();
  const request = { url, params, status: 0, content_type: "", body: "", ms: 0 };
  if (!address) return { ...request, body: "no such host" };
  try {
    const response = await fetch(address, {
      ...(method === "GET" ? {} : { method, body: new URLSearchParams(params) }),
      headers: { "x-twilio-signature": signed, "user-agent": "TwilioProxy/1.1" },
      redirect: "manual",
      signal: AbortSignal.timeout(patience_ms),
    });
    request.status = response.status;
    request.content_type = response.headers.get("content-type") ?? "";
    request.body = await response.text();
  } catch (error) {
    request.body = String(error);
  }
  return { ...request, ms: performance.now() - started };
}
