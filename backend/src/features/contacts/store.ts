import type { Contact } from "@agentlocator/contract";
import type { BusinessTx } from "../../db/database.ts";
import { unlessViolated } from "../../db/violation.ts";
import type { Page, PageAsked } from "../../http/page-by-time.ts";
import { pageById } from "../../http/page.ts";

const COLUMNS = ["id", "name", "phone", "whatsapp_lid", "created_at"] as const;

export function listContacts(
  tx: BusinessTx,
  { q, ...page }: PageAsked & { q?: string | undefined },
): Promise<Page<Contact>> {
  const query = tx.trx("contacts").select(COLUMNS);
  if (q) {
    const like = `%${q.replace(/[\\%_]/g, "\\$&")}%`;
    const digits = q.replace(/\D/g, "").replace(/^0/, "");
    void query.where((any) => {
      void any.whereILike("name", like);
      if (digits.length >= 3) void any.orWhereLike("phone", `%${digits}%`);
    });
  }
  return pageById<Contact>(query, page);
}

export async function findContact(tx: BusinessTx, id: number): Promise<Contact | null> {
  return (await tx.trx("contacts").where({ id }).first(COLUMNS)) ?? null;
}

export interface NewContact {
  name: string;
  /** E.164, or null when the number is withheld. */
  phone: string | null;
}

/** Null when the business has a contact with that phone already. */
export async function insertContact(tx: BusinessTx, contact: NewContact): Promise<Contact | null> {
  const { business_id } = tx;
  const rows = await tx
    .trx("contacts")
    .insert({ business_id, ...contact })
    .onConflict(["business_id", "phone"])
    .ignore()
    .returning(COLUMNS);
  return rows[0] ?? null;
}

/** Null when another contact of the business has that phone. */
export function updateContact(
  tx: BusinessTx,
  id: number,
  changes: Partial<NewContact>,
): Promise<Contact | null> {
  return unlessViolated(tx, "contacts_business_id_phone_key", async (trx) => {
    const rows = await trx("contacts").where({ id }).update(changes).returning(COLUMNS);
    return rows[0];
  });
}

export async function findContactByPhone(tx: BusinessTx, phone: string): Promise<Contact | null> {
  return (await tx.trx("contacts").where({ phone }).first(COLUMNS)) ?? null;
}
