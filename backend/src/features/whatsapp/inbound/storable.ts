/** WhatsApp's own longest text. */
export const LONGEST_TEXT = 65_536;
const LONGEST_NAME = 200;

/** Text as PostgreSQL can keep it: without NUL, and without halves of characters. */
export function clean(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}

/** A message's text; one that is longer than any message of WhatsApp is cut, and says so. */
export function storableText(text: string): string {
  if (text.length <= LONGEST_TEXT) return text;
  const cut = text.slice(0, LONGEST_TEXT).toWellFormed();
  return `${cut}\n[… ${LONGEST_TEXT} / ${text.length}]`;
}

/** A person's name, in one line. */
export function storableName(name: string): string {
  const line = name.replaceAll(/\s+/g, " ").trim();
  return line.slice(0, LONGEST_NAME).toWellFormed();
}
