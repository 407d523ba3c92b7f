import type { BusinessTx } from "../../../db/database.ts";
import { audit } from "../../audit/index.ts";
import { mergeContact } from "./merge-contact.ts";
import { mergeThreads } from "./merge-threads.ts";
import type { Provider } from "./inbound-message.ts";

/** How a customer is reached; at least one of the two is known. */
export interface Address {
  /** E.164 */
  phone: string | null;
  /** `…@lid` */
  lid: string | null;
}

/** A customer with the one WhatsApp thread that the business has with them. */
export interface Customer {
  contact_id: number;
  thread_id: number;
  /** The contact has a name already. */
  named: boolean;
  /** Something was told about the message before; the caller holds `lockMessage` for it. */
  changed: boolean;
}

/** The message that the customer is looked up for, if it is here. */
interface About {
  provider: Provider;
  provider_msg_id: string | null;
  /** What a new contact is called. */
  name: string;
}

interface ContactRow {
  id: number;
  name: string;
  phone: string | null;
  whatsapp_lid: string | null;
}

/** What was looked up has changed since; the transaction has to begin again. */
export class ChangedMeanwhile extends Error {
  override name = "ChangedMeanwhile";
}

/**
 * The customer at this address and their WhatsApp thread, made when there are none. Contacts and
 * threads that turn out to be of one person are made one, with an audit entry.
 *
 * Whoever comes here locks the addresses first, then threads, then contacts, each in order. The
 * caller runs the transaction again when it is told to (`ChangedMeanwhile`, or a unique violation:
 * a call made the same contact).
 */
export async function customerAt(
  tx: BusinessTx,
  address: Address,
  message: About,
): Promise<Customer> {
  const known = await knownCustomer(tx, address, message);
  if (known) return known;
  await lock(tx, addressesOf(address));
  const made = await newCustomer(tx, address, message);
  return made ?? { ...(await findCustomer(tx, address, message.provider)), changed: true };
}

const CHANGED = `exists (
  select from message_changes where provider = :provider and target_msg_id = :provider_msg_id)`;

/** A customer of whom nothing new is told: the usual case, with one question and one lock. */
async function knownCustomer(
  tx: BusinessTx,
  { phone, lid }: Address,
  { provider, provider_msg_id }: About,
): Promise<Customer | null> {
  const asked = tx.trx.raw(
    `select contacts.id as contact_id, threads.id as thread_id, contacts.name <> '' as named,
       ${CHANGED} as changed
     from contacts join threads on threads.contact_id = contacts.id and threads.type = 'whatsapp'
     where threads.peer_number = coalesce(contacts.phone, contacts.whatsapp_lid)
       and ${phone === null ? "true" : "contacts.phone = :phone"}
       and ${lid === null ? "true" : "contacts.whatsapp_lid = :lid"}
     for update of threads`,
    { provider, provider_msg_id, ...(phone !== null && { phone }), ...(lid !== null && { lid }) },
  );
  const by = [phone && "phone", lid && "lid"].filter(Boolean).join(" and ");
  const { rows } = await asked.options({ name: `customer by ${by}` });
  return rows[0] ?? null;
}

/** Somebody of whom nothing at all is known, in one statement; null for everybody else. */
async function newCustomer(
  tx: BusinessTx,
  { phone, lid }: Address,
  { provider, provider_msg_id, name }: About,
): Promise<Customer | null> {
  const asked = tx.trx.raw(
    `with stranger as (
       select where not exists (
           select from contacts where contacts.phone = :phone or whatsapp_lid = :lid)
         and not exists (
           select from threads where type = 'whatsapp' and peer_number in (:phone, :lid))
     ), contact as (
       insert into contacts (business_id, phone, whatsapp_lid, name)
       select cast(:business_id as int), :phone, :lid, :name from stranger
       on conflict do nothing returning id
     ), thread as (
       insert into threads (business_id, type, provider, peer_number, contact_id)
       select cast(:business_id as int), 'whatsapp', :provider, coalesce(:phone, :lid), id from contact
       returning id, contact_id
     )
     select contact_id, id as thread_id, :name <> '' as named, ${CHANGED} as changed from thread`,
    { business_id: tx.business_id, provider, provider_msg_id, phone, lid, name },
  );
  const { rows } = await asked.options({ name: "new customer" });
  return rows[0] ?? null;
}

const addressesOf = ({ phone, lid }: Address): string[] =>
  [phone, lid].filter((one) => one !== null).toSorted();

async function findCustomer(
  tx: BusinessTx,
  address: Address,
  provider: Provider,
): Promise<Omit<Customer, "changed">> {
  const { phone, lid } = address;
  const contacts = await tx
    .trx<ContactRow>("contacts")
    .where((either) => {
      if (phone !== null) void either.orWhere({ phone });
      if (lid !== null) void either.orWhere({ whatsapp_lid: lid });
    })
    .select("id", "name", "phone", "whatsapp_lid");
  const byPhone = contacts.find((contact) => phone !== null && contact.phone === phone);
  const byLid = contacts.find((contact) => lid !== null && contact.whatsapp_lid === lid);
  // The LID of a contact with a phone of its own only moves: two phones are two contacts.
  const joins = byPhone && byLid && byPhone !== byLid && byLid.phone === null;
  const own = [byPhone ?? byLid, joins ? byLid : undefined].filter((one) => one !== undefined);

  const threads = await tx
    .trx("threads")
    .where("type", "whatsapp")
    .where((either) => {
      void either.whereIn(
        "contact_id",
        own.map(({ id }) => id),
      );
      void either.orWhereIn("peer_number", addressesOf(address));
    })
    .orderBy("id")
    .forUpdate()
    .select<{ id: number; contact_id: number | null; peer_number: string }[]>("*");
  await mergeThreads(
    tx,
    threads.map(({ id }) => id),
  );

  const named = own.some(({ name }) => name !== "");
  const contact_id = await settle(tx, address, byPhone, byLid);
  // Somebody without either has not come here.
  const peer_number = phone ?? byLid?.phone ?? lid ?? "";
  const [thread] = threads;
  if (!thread) {
    const row = { business_id: tx.business_id, type: "whatsapp", provider, peer_number };
    const [made] = await tx
      .trx("threads")
      .insert({ ...row, contact_id })
      .returning("id");
    return { contact_id, thread_id: made.id, named };
  }
  if (thread.contact_id !== contact_id || thread.peer_number !== peer_number) {
    await tx.trx("threads").where("id", thread.id).update({ contact_id, peer_number });
  }
  return { contact_id, thread_id: thread.id, named };
}

/** Held until the commit, so that nobody else decides about these addresses meanwhile. */
async function lock(tx: BusinessTx, addresses: string[]): Promise<void> {
  const keys = addresses.map((address) => `whatsapp ${tx.business_id} ${address}`);
  const taken = tx.trx.raw(
    "select pg_advisory_xact_lock(hashtextextended(key, 0)) from unnest(?::text[]) as key",
    [keys],
  );
  await taken.options({ name: "addresses" });
}

/** Makes the contacts say what the address says; the id of the one that is meant. */
async function settle(
  tx: BusinessTx,
  { phone, lid }: Address,
  byPhone: ContactRow | undefined,
  byLid: ContactRow | undefined,
): Promise<number> {
  const contacts = tx.trx("contacts");
  if (byPhone && byLid && byPhone !== byLid) {
    if (byLid.phone === null) await mergeContact(tx, byLid.id, byPhone.id);
    else await contacts.clone().where("id", byLid.id).update({ whatsapp_lid: null });
  }
  if (byPhone) {
    if (lid !== null && byPhone.whatsapp_lid !== lid) {
      await contacts.clone().where("id", byPhone.id).update({ whatsapp_lid: lid });
    }
    return byPhone.id;
  }
  if (byLid) {
    if (phone !== null) await giveNumber(tx, byLid, phone);
    return byLid.id;
  }
  const [made] = await contacts
    .insert({ business_id: tx.business_id, phone, whatsapp_lid: lid })
    .onConflict()
    .ignore()
    .returning("id");
  if (!made) throw new ChangedMeanwhile("a call made this contact just now");
  return made.id;
}

/** The number of a contact that is known by its LID: a first one, or a new one. */
async function giveNumber(tx: BusinessTx, { id, phone: old }: ContactRow, phone: string) {
  await tx.trx("contacts").where({ id }).update({ phone });
  if (old === null) return;
  const detail = { from: old, to: phone };
  await audit(tx, {
    actor: null,
    action: "contact.number_changed",
    subject: `contact:${id}`,
    detail,
  });
}
