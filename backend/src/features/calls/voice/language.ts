const names: Readonly<Record<string, string>> = { he: "Hebrew", en: "English" };

/** `he-IL` → `he`. */
export function primaryLanguage(language: string): string {
  return language.split("-", 1)[0]!.toLowerCase();
}

/** What keeps the model in the call's language. */
export function speakOnly(language: string): string {
  const primary = primaryLanguage(language);
  return `Speak only ${names[primary] ?? primary}, whatever you hear.`;
}

/** A response's own instructions replace the session's, and with them the language. */
export function inLanguage(language: string, instructions: string): string {
  return `${speakOnly(language)} ${instructions}`;
}
