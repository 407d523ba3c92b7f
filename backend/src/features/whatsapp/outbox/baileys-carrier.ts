import { GatewayRefused, GatewayUnreachable, type GatewayClient } from "../channel/index.ts";
import type { Carrier, Outcome, Outgoing, Standing } from "./carrier.ts";

/** The gateway does nothing for us, or for this business, whatever is asked. */
const AWAY = new Set([401, 404]);
/** It keeps a pace. */
const LATER = new Set([425, 429]);

/** The way by the WhatsApp gateway; null: there is none. */
export function baileysCarrier(gateway: GatewayClient | null): Carrier {
  if (!gateway) return noGateway;

  /** What the gateway's ledger says of a send that could not be withdrawn. */
  async function taken({ business_id, key }: Outgoing): Promise<Outcome> {
    const found = await gateway!.sendState(business_id, key);
    if (!found || found.state === "not_sent") return withdrawn;
    const { state, messageId, error } = found;
    if (state === "failed") return { kind: "refused", error: error ?? "failed" };
    if (state === "journalled" || messageId === null) {
      return { kind: "unknown", why: "the gateway neither sends it nor gives it back" };
    }
    return { kind: "accepted", provider_msg_id: messageId, sure: state !== "written" };
  }

  return {
    async send(message) {
      try {
        const { messageId } = await gateway.send(asked(message));
        return { kind: "accepted", provider_msg_id: messageId, sure: false };
      } catch (error) {
        if (!(error instanceof GatewayRefused)) return unreachable(error);
        if (error.status !== 409 || error.id === "not_connected") return refused(error);
        // The key is known there: with another body, or withdrawn.
        return await taken(message).catch(unreachable);
      }
    },

    async withdraw(message) {
      try {
        if (await gateway.cancelSend(message.business_id, message.key)) return withdrawn;
        return await taken(message);
      } catch (error) {
        if (error instanceof GatewayRefused && error.status === 404) return withdrawn;
        return { kind: "unknown", why: reasonOf(error) };
      }
    },

    async standing({ business_id, key }): Promise<Standing> {
      try {
        const found = await gateway.sendState(business_id, key);
        if (!found) return { kind: "unknown", why: "the gateway does not know the message" };
        const { state, error } = found;
        if (state === "failed") return { kind: "failed", error: error ?? "failed" };
        if (state === "not_sent") return { kind: "stuck" };
        if (state === "written") return { kind: "unknown", why: "WhatsApp did not acknowledge it" };
        if (state !== "journalled") return { kind: "told", status: state };
        const session = await gateway.session(business_id);
        return { kind: session?.connected ? "pending" : "stuck" };
      } catch (error) {
        return { kind: "unknown", why: reasonOf(error) };
      }
    },
  };
}

const withdrawn: Outcome = {
  kind: "not_taken",
  why: "the message was withdrawn at the gateway",
  burnt: true,
};

const noGateway: Carrier = {
  send: async () => ({ kind: "not_taken", why: "there is no gateway", down: true }),
  withdraw: async () => ({ kind: "unknown", why: "there is no gateway" }),
  standing: async () => ({ kind: "unknown", why: "there is no gateway" }),
};

function asked({ business_id, to, text, media, reply_to, key, may_write_first }: Outgoing) {
  return {
    businessId: business_id,
    to,
    type: media?.type ?? ("text" as const),
    ...(text !== null && { text }),
    ...(media && { mediaUrl: media.url }),
    ...(media?.file_name && { fileName: media.file_name }),
    ...(reply_to && { replyTo: reply_to }),
    ...(may_write_first && { allowStranger: true }),
    idempotencyKey: key,
  };
}

function refused({ status, id, message: why }: GatewayRefused): Outcome {
  if (status === 409 || AWAY.has(status)) return { kind: "not_taken", why, down: true };
  if (LATER.has(status)) return { kind: "not_taken", why };
  return { kind: "refused", error: `${id}: ${why}` };
}

function unreachable(error: unknown): Outcome {
  const never_asked = error instanceof GatewayUnreachable && error.never_asked;
  const why = reasonOf(error);
  return never_asked ? { kind: "not_taken", why, down: true } : { kind: "unknown", why };
}

function reasonOf(error: unknown): string {
  if (error instanceof GatewayRefused || error instanceof GatewayUnreachable) return error.message;
  throw error;
}
