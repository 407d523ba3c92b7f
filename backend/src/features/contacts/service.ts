import type { Contact } from "@agentlocator/contract";
import type { BusinessTx } from "../../db/database.ts";
import { notFound, problem } from "../../http/problem.ts";
import { normalisePhone, regionOf } from "../../platform/phone.ts";
import { findContact, findContactByPhone, insertContact, updateContact } from "./store.ts";

/** Throws the 404 problem when the business has no such contact. */
export async function requireContact(tx: BusinessTx, id: number): Promise<Contact> {
  const contact = await findContact(tx, id);
  if (!contact) throw notFound("This contact");
  return contact;
}

/**
 * The contact with this phone (E.164), made when there is none. A name that a person gave is kept;
 * an empty one is filled in.
 */
export async function findOrCreateContact(
  tx: BusinessTx,
  { phone, name = "" }: { phone: string; name?: string },
): Promise<Contact> {
  const contact =
    (await insertContact(tx, { phone, name })) ?? (await findContactByPhone(tx, phone));
  if (!contact) throw new Error("a contact vanished while it was looked up");
  if (contact.name !== "" || name === "") return contact;
  await nameIfUnknown(tx, contact.id, name);
  return { ...contact, name };
}

/** Fills in a contact's name; one that is there already is kept. */
export async function nameIfUnknown(tx: BusinessTx, id: number, name: string): Promise<void> {
  await tx.trx("contacts").where({ id, name: "" }).update({ name });
}

/** The id of a new contact who is known by name alone, the number being withheld. */
export async function createContactByName(tx: BusinessTx, name: string): Promise<number> {
  return (await insertContact(tx, { name, phone: null }))!.id;
}

/** Throws 400 for a phone that is none and 409 when another contact has it. */
export async function createContact(
  tx: BusinessTx,
  { name, phone }: { name: string; phone: string },
): Promise<Contact> {
  const contact = await insertContact(tx, { name, phone: await requirePhone(tx, phone) });
  if (!contact) throw phoneTaken();
  return contact;
}

/** Throws as `createContact` does, and 404 when there is no such contact. */
export async function changeContact(
  tx: BusinessTx,
  id: number,
  changes: { name?: string | undefined; phone?: string | undefined },
): Promise<Contact> {
  const known = await requireContact(tx, id);
  const phone = changes.phone === undefined ? known.phone : await requirePhone(tx, changes.phone);
  const name = changes.name ?? known.name;
  const changed = await updateContact(tx, id, { phone, name });
  if (!changed) throw phoneTaken();
  return changed;
}

async function requirePhone(tx: BusinessTx, text: string): Promise<string> {
  const business = await tx.trx("businesses").where("id", tx.business_id).first("phone_number");
  const phone = normalisePhone(text, regionOf(business?.phone_number ?? null));
  if (phone) return phone;
  throw problem(400, "invalid_input", "The request does not fit this address.", {
    errors: [{ path: "body.phone", message: "not a phone number" }],
  });
}

const phoneTaken = () =>
  problem(409, "contact_exists", "Another contact of this business has this phone number.");
