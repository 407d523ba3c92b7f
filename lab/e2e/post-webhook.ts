import twilio from "twilio";
import type { Product } from "./product.ts";

/** Sends a webhook as Twilio does; a wrong `token` makes the signature wrong. */
export async function postWebhook(
  product: Pick<Product, "url" | "env" | "twilio">,
  path: string,
  params: Record<string, string>,
  { token = product.twilio.auth_token, method = "POST" } = {},
) {
  const query = method === "GET" ? `?${new URLSearchParams(params)}` : "";
  const body = method === "GET" ? {} : params;
  const signed = `${product.env.PUBLIC_BASE_URL}${path}${query}`;
  const response = await fetch(product.url + path + query, {
    method,
    headers: { "X-Twilio-Signature": twilio.getExpectedTwilioSignature(token, signed, body) },
    ...(method === "POST" && { body: new URLSearchParams(body) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
