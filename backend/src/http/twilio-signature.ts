import type { Context } from "koa";
import twilio from "twilio";
import { problem } from "./problem.ts";

/** The fields of a webhook; Twilio sends each name once. */
export type TwilioParams = Record<string, string>;

/**
 * Checks that Twilio itself sent this request and returns its fields. The signed address is
 * `PUBLIC_BASE_URL` + path, as configured: headers of the request could be anybody's.
 * @throws 403 when the signature is wrong, missing, or can't be checked for want of the auth token
 */
export function signedByTwilio(
  ctx: Context,
  options: { public_base_url: string; auth_token: string | undefined },
): TwilioParams {
  const body = ctx.method === "POST" ? strings(ctx.request.body) : {};
  const url = `${options.public_base_url}${ctx.originalUrl}`;
  const signature = ctx.get("X-Twilio-Signature");
  const valid =
    options.auth_token !== undefined &&
    signature !== "" &&
    twilio.validateRequest(options.auth_token, signature, url, body);
  if (!valid) throw problem(403, "bad_signature", "X-Twilio-Signature does not match.");
  return { ...strings(ctx.query), ...body };
}

/** Only texts: what else a body can be turned into was not sent by Twilio. */
function strings(fields: unknown): TwilioParams {
  const entries = Object.entries((fields ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
