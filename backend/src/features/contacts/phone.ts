import { parsePhoneNumberFromString, type CountryCode } from "libphonenumber-js";
import type { BusinessTx } from "../../db/database.ts";

const ISRAEL: CountryCode = "IL";

/**
 * A phone number in any of the forms people write it, as E.164, or null when it is none: E.164
 * itself, digits with the country code, the local form of `region`, with or without `whatsapp:`.
 */
export function normalizePhone(text: string, region: CountryCode = ISRAEL): string | null {
  const bare = text.trim().replace(/^(whatsapp|tel):/i, "");
  const parsed = parsePhoneNumberFromString(bare, region);
  if (parsed?.isValid()) return parsed.number;
  const withPlus = parsePhoneNumberFromString(`+${bare.replace(/\D/g, "")}`);
  if (withPlus?.isValid()) return withPlus.number;
  // A number range that is newer than the metadata, as long as it says its country itself.
  return bare.startsWith("+") && parsed?.isPossible() ? parsed.number : null;
}

/** The country whose local form the acting business writes numbers in: its own number's. */
export async function regionOfBusiness(tx: BusinessTx): Promise<CountryCode> {
  const row = await tx.trx("businesses").where("id", tx.business_id).first("phone_number");
  return parsePhoneNumberFromString(row?.phone_number ?? "")?.country ?? ISRAEL;
}
