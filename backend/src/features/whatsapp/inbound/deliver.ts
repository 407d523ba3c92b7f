import type { GatewayConnectionEvent } from "@agentlocator/contract";
import type { BusinessTx, Database } from "../../../db/database.ts";
import type { Clock } from "../../../platform/clock.ts";
import type { Logger } from "../../../platform/log.ts";
import { normalisePhone, regionOf } from "../../../platform/phone.ts";
import { ChangedMeanwhile } from "./customer.ts";
import type { Address } from "./customer.ts";
import type { InboundMessage, Receipt } from "./inbound-message.ts";
import { kindOf } from "./gateway-event.ts";
import { messageKey } from "./message-lock.ts";
import { storeReceipt } from "./receipts.ts";
import { storeMessage } from "./store-message.ts";
import type { StoringOptions } from "./store-message.ts";

export interface DeliverDeps {
  db: Database;
  log: Logger;
  clock: Clock;
  applyConnection: (tx: BusinessTx, event: GatewayConnectionEvent) => Promise<void>;
}

/** What is told to one business. */
export type Told =
  | { event: "message"; message: InboundMessage }
  | {
      event: "receipt";
      receipt: Omit<Receipt, "error">;
      error: (language: string) => string | null;
    }
  | { event: "connection"; connection: GatewayConnectionEvent };

/** `done`, or why it can't be this business's. */
export type Delivered = "done" | "unknown_business" | "no_sender";

interface BusinessRow {
  status: "active" | "suspended";
  phone_number: string | null;
  whatsapp_number: string | null;
  language: string;
  ai_enabled_whatsapp: boolean;
}

const ATTEMPTS = 6;
/** Somebody else did something to the same rows; from the beginning it will be seen. */
const COLLISIONS = new Set(["40001", "40P01", "23505", "23503"]);

/** Brings what was told to its business, in one transaction. It may be told again. */
export async function deliver(
  { db, log, clock, applyConnection }: DeliverDeps,
  business_id: number,
  told: Told,
): Promise<Delivered> {
  return again(() =>
    db.inBusiness(business_id, async (tx) => {
      const business = await businessOf(tx, told);
      if (!business) return "unknown_business";
      if (told.event === "connection") await applyConnection(tx, told.connection);
      if (told.event === "receipt") {
        await storeReceipt(tx, { ...told.receipt, error: told.error(business.language) });
      }
      if (told.event !== "message") return "done";

      const address = addressOf(told.message, business);
      if (!address) return "no_sender";
      const storing = { now: new Date(clock.now()), agent: agentOf(business) };
      for (const message of apart(told.message)) {
        const id = await storeMessage(tx, address, message, storing);
        const { provider, type } = message;
        const fields = { biz: business_id, provider, type, message_id: id ?? undefined };
        log.info(fields, `[WA-INCOMING] message ${id === null ? "known or a change" : "stored"}`);
      }
      return "done";
    }),
  );
}

/**
 * The business, with `lockMessage` for the messages that are told. They are sorted, and come before
 * any row is locked.
 */
async function businessOf(tx: BusinessTx, told: Told): Promise<BusinessRow | undefined> {
  const messages = told.event === "message" ? apart(told.message) : [];
  const keys = messages.map(({ provider, provider_msg_id }) =>
    messageKey(tx.business_id, provider, provider_msg_id),
  );
  const asked = tx.trx.raw(
    `select status, phone_number, whatsapp_number, language, ai_enabled_whatsapp,
       (select count(pg_advisory_xact_lock(hashtextextended(key, 0)))
        from unnest(?::text[]) as key) as locked
     from businesses join settings on settings.business_id = businesses.id
     where businesses.id = ?`,
    [keys.toSorted(), tx.business_id],
  );
  const { rows } = await asked.options({ name: "business of a webhook" });
  return rows[0];
}

/** Nobody answers for a business that is suspended. */
const agentOf = ({ status, ai_enabled_whatsapp }: BusinessRow): StoringOptions["agent"] => {
  if (status !== "active") return "absent";
  return ai_enabled_whatsapp ? "on" : "off";
};

/** A JID's digits are a number even if nobody knows such numbers yet. */
function addressOf({ number, lid }: InboundMessage, business: BusinessRow): Address | null {
  const region = regionOf(business.whatsapp_number ?? business.phone_number);
  const phone =
    number === null
      ? null
      : (normalisePhone(number, region) ?? (/^\+[1-9]\d{6,14}$/.test(number) ? number : null));
  return phone !== null || lid !== null ? { phone, lid } : null;
}

/** A message of ours has one media at most: what has more is several messages. */
function apart(message: InboundMessage): InboundMessage[] {
  const [first, ...others] = message.media;
  if (first === undefined) return [message];
  const more = others.map((media, n) => ({
    ...message,
    provider_msg_id: `${message.provider_msg_id}/${n + 1}`,
    type: kindOf(media.claimed_type),
    text: null,
    media: [media],
  }));
  return [{ ...message, media: [first] }, ...more];
}

export async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const { code = "" } = error as { code?: string };
      const collided = error instanceof ChangedMeanwhile || COLLISIONS.has(code);
      if (!collided || attempt === ATTEMPTS) throw error;
    }
  }
}
