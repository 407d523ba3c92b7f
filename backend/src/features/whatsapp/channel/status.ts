import type { GatewaySession, WhatsappStatus } from "@agentlocator/contract";
import { toString as drawQr } from "qrcode";
import type { BusinessTx } from "../../../db/database.ts";
import type { Env } from "../../../platform/env.ts";
import { normalisePhone } from "../../../platform/phone.ts";
import type { Channel } from "./channel-state.ts";
import { stands } from "./channel-state.ts";

type Baileys = WhatsappStatus["baileys"];

const NOTHING: Baileys = {
  enabled: true,
  state: "close",
  reason: null,
  connected: false,
  phone: null,
  since: null,
  last_seen: null,
  qr: null,
  qr_svg: null,
  attempt: 0,
  next_retry_at: null,
  detail: null,
};

export const DISABLED: Baileys = { ...NOTHING, enabled: false };

/** What the gateway says right now; `known` adds what it does not remember. */
export async function liveStatus(live: GatewaySession, known?: Channel): Promise<Baileys> {
  const { qr, lastSeen, nextRetryAt, state, reason, connected, since, attempt, detail } = live;
  return {
    ...NOTHING,
    ...{ state, reason, connected, since, qr, attempt, detail },
    phone: live.phone ?? known?.phone ?? null,
    last_seen: lastSeen ?? known?.last_seen ?? null,
    qr_svg: qr && (await drawQr(qr, { type: "svg", margin: 2, errorCorrectionLevel: "M" })),
    next_retry_at: nextRetryAt,
  };
}

/** What was known last, for when the gateway has nothing to say. @param silent it does not answer */
export function storedStatus(known: Channel | undefined, silent: boolean): Baileys {
  if (!known) return { ...NOTHING, reason: silent ? "unreachable" : null };
  const { state, reason, phone, since, last_seen, attempt, next_retry_at, detail } = known;
  if (silent) return { ...NOTHING, reason: "unreachable", phone, since: null, last_seen };
  // The gateway does not know the session: it can't be up, nor about to be.
  const stopped = state === "logout" || (state === "close" && next_retry_at === null);
  if (!stopped) return { ...NOTHING, phone, last_seen };
  return {
    ...NOTHING,
    ...{ state, reason, phone, since, last_seen, attempt, detail },
  };
}

export interface ProviderHealth {
  baileys: "open" | "down" | "never_paired";
  twilio: "enabled" | "disabled";
}

/** Whether messages can go by the gateway, as far as is known without asking it. */
export function baileysHealth(known: Channel | undefined): ProviderHealth["baileys"] {
  if (!known || known.paired_at === null) return "never_paired";
  return stands(known) ? "open" : "down";
}

type SenderEnv = Pick<Env, "TWILIO_ACCOUNT_SID" | "TWILIO_AUTH_TOKEN" | "TWILIO_WA_FROM">;

interface Numbers {
  whatsapp_number: string | null;
  phone_number: string | null;
}

/** The number that Twilio sends the business's messages from: its own, or the appliance's. */
export async function twilioSender(tx: BusinessTx, env: SenderEnv): Promise<string | null> {
  return usualSenders(await numbersOf(tx), env)[0] ?? null;
}

/**
 * All numbers at Twilio that this customer may know the business by: those they wrote to, the last
 * one first, and then the usual ones.
 */
export async function twilioSenders(
  tx: BusinessTx,
  env: SenderEnv,
  thread_id: number,
): Promise<string[]> {
  const numbers = await numbersOf(tx);
  const usual = usualSenders(numbers, env);
  if (usual.length === 0 && numbers.phone_number === null) return [];
  const written_to: string[] = await tx
    .trx("messages")
    .where({ thread_id, provider: "twilio", direction: "in" })
    // Not one that the business has given up since.
    .whereIn("to_number", [...usual, numbers.phone_number ?? ""])
    .groupBy("to_number")
    .orderByRaw("max(created_at) desc, max(id) desc")
    .pluck("to_number");
  return [...new Set([...written_to, ...usual])];
}

async function numbersOf(tx: BusinessTx): Promise<Numbers> {
  const { business_id, trx } = tx;
  return trx("businesses").where("id", business_id).first("whatsapp_number", "phone_number");
}

function usualSenders({ whatsapp_number }: Numbers, env: SenderEnv): string[] {
  if (!env.TWILIO_ACCOUNT_SID || !env.TWILIO_AUTH_TOKEN) return [];
  const { TWILIO_WA_FROM: common = "" } = env;
  const usual = [whatsapp_number, normalisePhone(common) ?? (common || null)];
  return usual.filter((number) => number !== null);
}
