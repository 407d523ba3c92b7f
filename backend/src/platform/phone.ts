import { Phone } from "@agentlocator/contract";
import { parsePhoneNumberFromString } from "libphonenumber-js/max";
import type { CountryCode, PhoneNumber } from "libphonenumber-js/max";

const DEFAULT_REGION = "IL";

/**
 * A number as people and providers write it, in E.164: `+972 50-123-4567`, `0501234567`,
 * `972501234567`, `whatsapp:+972501234567`. null when it can't be a telephone number.
 * @param region whose local form is meant when there is no country code, e.g. `IL`
 */
export function normalisePhone(text: string, region: string = DEFAULT_REGION): string | null {
  const given = text.trim().replace(/^whatsapp:/i, "");
  if (given.length === 0 || given.length > 40) return null;
  const local = parse(given, region);
  if (given.startsWith("+") || given.startsWith("0")) return local?.number ?? null;
  const international = parse(`+${given}`, region);
  // Bare digits may be either; ranges are handed out faster than the tables of them are updated,
  // so a number that is only possible still counts.
  const chosen = [local, international].find((number) => number?.isValid());
  return (chosen ?? international ?? local)?.number ?? null;
}

/** The country of an E.164 number, for reading others in its local form. */
export function regionOf(phone: string | null): string {
  return (phone && parsePhoneNumberFromString(phone)?.country) || DEFAULT_REGION;
}

function parse(text: string, region: string): PhoneNumber | null {
  const number = parsePhoneNumberFromString(text, {
    defaultCountry: region as CountryCode,
    extract: false,
  });
  // The library knows possible numbers that are shorter or longer than E.164 has them.
  const isE164 = number !== undefined && Phone.safeParse(number.number).success;
  return isE164 && number.isPossible() && !number.ext ? number : null;
}
