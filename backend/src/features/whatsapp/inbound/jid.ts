/** WhatsApp's ways to write a person, taken apart. */
export interface Person {
  /** As it was written; a JID's digits with a `+`. */
  number: string | null;
  /** `…@lid`, without a device. */
  lid: string | null;
}

const JID = /^(\d{3,20})(?::\d+)?(?:_\d+)?@(s\.whatsapp\.net|c\.us|lid|hosted|hosted\.lid)$/i;

/**
 * Reads a JID (`9725…@s.whatsapp.net`, `…@lid`, with or without a device) or a number in any form.
 * Null for what is no single person: a group, a broadcast list, a newsletter.
 */
export function readPerson(text: string): Person | null {
  const given = text.trim();
  if (given === "") return { number: null, lid: null };
  if (!given.includes("@")) return { number: given, lid: null };
  const jid = JID.exec(given);
  if (!jid) return null;
  const [, user, server] = jid as unknown as [string, string, string];
  const isLid = server.toLowerCase().endsWith("lid");
  return isLid ? { number: null, lid: `${user}@lid` } : { number: `+${user}`, lid: null };
}

/** What several fields say of one person together; null when one of them is no person. */
export function readPersons(...texts: (string | null | undefined)[]): Person | null {
  const persons = texts.filter((text) => typeof text === "string").map(readPerson);
  if (persons.includes(null)) return null;
  const first = (key: keyof Person) => persons.map((p) => p![key]).find((v) => v !== null) ?? null;
  return { number: first("number"), lid: first("lid") };
}
