import { createContactByName, nameIfUnknown } from "../contacts/index.ts";
import type { ToolScope } from "./tool.ts";

/**
 * Keeps the name a customer gave, unless a person has entered one already, and returns the contact.
 * A caller who withholds the number gets a contact once there is a name to know them by.
 */
export async function nameContact(scope: ToolScope, name: string): Promise<number | null> {
  const { tx, thread } = scope;
  if (thread.contact_id !== null) {
    if (name !== "") await nameIfUnknown(tx, thread.contact_id, name);
    return thread.contact_id;
  }
  if (name === "") return null;
  const contact_id = await createContactByName(tx, name);
  await tx.trx("threads").where("id", thread.id).update({ contact_id });
  thread.contact_id = contact_id;
  return contact_id;
}
