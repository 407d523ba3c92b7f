import type { SystemTx } from "../../../db/database.ts";
import { normalisePhone, regionOf } from "../../../platform/phone.ts";
import { findBusinessByPhone } from "../../businesses/index.ts";

/**
 * The business that a WhatsApp message to `to` is for; null when that can't be said.
 * @param to E.164, digits with the country code, the business's local form, with or without
 *   `whatsapp:`; null when the message does not say
 * @param common the appliance's own number (`TWILIO_WA_FROM`): it may be the only business's
 * @param alone the only business of the appliance takes what is addressed to nobody
 */
export async function businessFor(
  tx: SystemTx,
  to: string | null,
  { common, alone }: { common?: string | undefined; alone: boolean },
): Promise<number | null> {
  const found = to === null ? null : await businessByNumber(tx, to);
  if (found !== null) return found;
  const wanted = to === null ? null : normalisePhone(to);
  const isCommon = common !== undefined && wanted !== null && normalisePhone(common) === wanted;
  return isCommon || alone ? theOnlyBusiness(tx) : null;
}

async function businessByNumber(tx: SystemTx, to: string): Promise<number | null> {
  const found = await findBusinessByPhone(tx, to);
  if (found) return found.id;
  // A local form means each business's own country.
  const businesses = await tx.trx("businesses").select("id", "phone_number", "whatsapp_number");
  const theirs = businesses.filter(({ phone_number, whatsapp_number }) =>
    [whatsapp_number, phone_number].some(
      (own: string | null) => own !== null && normalisePhone(to, regionOf(own)) === own,
    ),
  );
  return theirs.length === 1 ? theirs[0].id : null;
}

async function theOnlyBusiness(tx: SystemTx): Promise<number | null> {
  const ids: number[] = await tx.trx("businesses").limit(2).pluck("id");
  return ids.length === 1 ? ids[0]! : null;
}

/** The business that sent a message, by its id at Twilio; null when none or several did. */
export async function businessOfSent(tx: SystemTx, sid: string): Promise<number | null> {
  const ids: number[] = await tx
    .trx("messages")
    .where({ provider: "twilio", provider_msg_id: sid })
    .limit(2)
    .pluck("business_id");
  return ids.length === 1 ? ids[0]! : null;
}
