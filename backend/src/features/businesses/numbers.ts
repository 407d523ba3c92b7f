import type { Business } from "@agentlocator/contract";
import type { SystemTx } from "../../db/database.ts";
import { problem } from "../../http/problem.ts";
import { normalisePhone } from "../../platform/phone.ts";

/** Reads a business's own number. @throws 400, naming the field */
export function ownNumber(field: string, text: string): string {
  const number = normalisePhone(text);
  if (number) return number;
  throw problem(400, "invalid_input", "This is not a telephone number.", {
    errors: [{ path: `body.${field}`, message: "not a telephone number" }],
  });
}

/**
 * Makes sure that no other business has one of the numbers, in either role: a call or message to
 * it could belong to both. Held until the commit, so that two requests can't both find it free.
 * @throws 409
 */
export async function claimNumbers(
  tx: SystemTx,
  numbers: (string | null | undefined)[],
  except_id: number | null,
): Promise<void> {
  const wanted = numbers.filter((number) => typeof number === "string");
  if (wanted.length === 0) return;
  await tx.trx.raw("select pg_advisory_xact_lock(hashtext('business-numbers'))");
  const taken = await tx
    .trx("businesses")
    .whereNot("id", except_id ?? 0)
    .where((either) => either.whereIn("phone_number", wanted).orWhereIn("whatsapp_number", wanted))
    .first("id");
  if (taken) throw problem(409, "number_taken", "Another business has this number.");
}

/**
 * The business that a call or message to `number` is for, whether or not it is suspended; null
 * when there is none. `number` may be E.164, digits with the country code, or the local form, with
 * or without `whatsapp:`.
 */
export async function findBusinessByPhone(tx: SystemTx, number: string): Promise<Business | null> {
  const wanted = normalisePhone(number);
  if (!wanted) return null;
  const found = await tx
    .trx<Business>("businesses")
    .where("phone_number", wanted)
    .orWhere("whatsapp_number", wanted)
    .first();
  return found ?? null;
}
