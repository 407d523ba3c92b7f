const words = (text: string) => new Set(text.split("|").map((word) => word.trim()));

/** A word alone in a message; inside a sentence it means something else. */
const OUT = words(
  `הסר|הסירו|הסירי|תסיר|תסירו|הסר אותי|הסירו אותי|להסיר|הסרה|הסר מרשימה|הסר מרשימת תפוצה|הפסק|הפסיקו|תפסיק|תפסיקו|
   stop|stop all|stopall|unsubscribe|opt out|optout|remove me`,
);
const IN = words(`התחל|התחילו|הצטרף|הצטרפות|חזור|start|unstop|subscribe|opt in|optin`);
const VOWEL_POINTS = /[\u0591-\u05bd\u05bf-\u05c7]/g;

/** Whether the message as a whole asks to be left alone, or to be written to again. */
export function optWord(text: string | null): "out" | "in" | null {
  const plain = (text ?? "")
    .normalize("NFKC")
    .replace(VOWEL_POINTS, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim()
    .toLowerCase();
  if (OUT.has(plain)) return "out";
  return IN.has(plain) ? "in" : null;
}
