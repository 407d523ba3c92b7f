import { createHmac } from "node:crypto";
import { GatewayLeases } from "@agentlocator/contract";
import type { GatewayLeasesAsked } from "@agentlocator/contract";
import { whyNoAnswer } from "../delivery/post.ts";

export type AskLeases = (
  asked: Partial<GatewayLeasesAsked>,
  timeout_ms: number,
) => Promise<GatewayLeases>;

/** Asks the backend, which has the database that a gateway does not reach. Throws what went wrong. */
export function createAskLeases(options: {
  /** BAILEYS_WEBHOOK_TARGET: the backend is where events go. */
  target: string;
  secret: string;
  gateway_id: string;
  /** GATEWAY_URL */
  url: string;
}): AskLeases {
  const { target, secret, gateway_id, url } = options;
  const address = new URL("/internal/gateway-leases", target);
  return async (asked, timeout_ms) => {
    const body = JSON.stringify({ gateway_id, url, ...asked });
    const signature = createHmac("sha256", secret).update(body).digest("hex");
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json", "x-baileys-signature": signature },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(timeout_ms),
    }).catch((error: Error) => {
      throw new Error(whyNoAnswer(error), { cause: error });
    });
    if (response.ok) return GatewayLeases.parse(await response.json());
    await response.body?.cancel();
    throw new Error(`the backend answered ${response.status}`);
  };
}
