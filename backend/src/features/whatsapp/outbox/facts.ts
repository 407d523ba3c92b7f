import type { Message } from "@agentlocator/contract";
import type { BusinessTx } from "../../../db/database.ts";
import type { Env } from "../../../platform/env.ts";
import type { PolicyFacts, Provider, ProviderChoice } from "./policy.ts";

export interface FactsDeps {
  env: Pick<Env, "WHATSAPP_PROVIDER" | "WA_PROVIDER_PRIORITY">;
  health: (tx: BusinessTx) => Promise<PolicyFacts["health"]>;
  /** Whether there is a gateway at all. */
  has_gateway: boolean;
}

interface Asked {
  thread_id: number;
  author: Message["author"];
  asked: Provider | null;
  template: PolicyFacts["template"];
  may_wait: boolean;
  window_refused?: boolean;
  /** When the message was written; now, when it is only about to be. */
  written_at?: string;
}

/**
 * What was written in the moment of opting out is the confirmation of it. A person may answer what
 * the customer writes after that.
 */
const OPTED_OUT = `coalesce(
  c.opted_out_at < coalesce(?::timestamptz, now())
  and not (? = 'user' and coalesce(t.last_inbound_at > c.opted_out_at, false)), false)`;

/** What the provider policy has to know of a message to the customer of this thread. */
export async function gatherFacts(
  tx: BusinessTx,
  { env, health, has_gateway }: FactsDeps,
  message: Asked,
  now: number,
): Promise<PolicyFacts> {
  const { trx } = tx;
  const settings = await trx("settings")
    .where("business_id", tx.business_id)
    .first<{ whatsapp_provider: ProviderChoice; whatsapp_write_first: boolean }>(
      "whatsapp_provider",
      "whatsapp_write_first",
    );
  const thread = await trx("threads as t")
    .leftJoin("contacts as c", "c.id", "t.contact_id")
    .where("t.id", message.thread_id)
    .first<{ peer_number: string; last_inbound_at: string | null; opted_out: boolean }>(
      "t.peer_number",
      "t.last_inbound_at",
      trx.raw(`${OPTED_OUT} as opted_out`, [message.written_at ?? null, message.author]),
    );
  const { baileys, twilio } = await health(tx);
  const last_inbound = await lastInbound(tx, message.thread_id, thread.last_inbound_at);
  const gateway_gone = !has_gateway && last_inbound.baileys !== null;
  return {
    now,
    asked: message.asked,
    setting: settings.whatsapp_provider,
    env: env.WHATSAPP_PROVIDER,
    priority: readPriority(env.WA_PROVIDER_PRIORITY),
    // Twilio knows customers by their numbers alone.
    health: {
      baileys: gateway_gone ? "down" : baileys,
      twilio: thread.peer_number.startsWith("+") ? twilio : "disabled",
    },
    last_inbound,
    template: message.template,
    opted_out: thread.opted_out,
    may_write_first: settings.whatsapp_write_first,
    may_wait: message.may_wait,
    window_refused: message.window_refused ?? false,
  };
}

/** When the customer last wrote to our number at each provider. */
async function lastInbound(
  tx: BusinessTx,
  thread_id: number,
  latest: string | null,
): Promise<PolicyFacts["last_inbound"]> {
  const found = await tx
    .trx("messages")
    .where({ thread_id, direction: "in" } satisfies Partial<Message>)
    .groupBy("provider")
    .select<{ provider: Provider; at: string }[]>("provider", tx.trx.raw("max(created_at) as at"));
  const end = latest === null ? Infinity : Date.parse(latest);
  const at = (provider: Provider) => {
    const last = found.find((one) => one.provider === provider);
    return last ? Math.min(Date.parse(last.at), end) : null;
  };
  return { baileys: at("baileys"), twilio: at("twilio") };
}

/** `baileys,twilio` as a list; what is no provider is passed over. */
export function readPriority(text: string): Provider[] {
  const names = text.split(",").map((name) => name.trim().toLowerCase());
  const known = names.filter((name) => name === "baileys" || name === "twilio");
  return [...new Set(known)];
}
