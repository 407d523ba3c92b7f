/** Twilio's error codes that a business meets, in plain words. */
const WORDS: Record<string, { he: string; en: string }> = {
  "21211": { he: "מספר הנמען אינו תקין.", en: "The recipient's number is not valid." },
  "21610": {
    he: "הנמען ביקש לא לקבל הודעות.",
    en: "The recipient has opted out of messages.",
  },
  "30003": {
    he: "הטלפון של הנמען כבוי או לא זמין.",
    en: "The recipient's phone is off or can't be reached.",
  },
  "30004": { he: "הנמען חסם את ההודעה.", en: "The message was blocked." },
  "30005": { he: "המספר אינו מוכר או אינו פעיל.", en: "The number is unknown or not in use." },
  "30006": { he: "למספר הזה לא ניתן לשלוח הודעות.", en: "This number can't take messages." },
  "30007": { he: "ההודעה סוננה כספאם.", en: "The message was filtered as spam." },
  "30008": { he: "המסירה נכשלה מסיבה לא ידועה.", en: "Delivery failed for an unknown reason." },
  "63003": {
    he: "למספר הזה אין וואטסאפ.",
    en: "There is no WhatsApp account with this number.",
  },
  "63005": {
    he: "וואטסאפ לא קיבל את תוכן ההודעה.",
    en: "WhatsApp did not accept the message's content.",
  },
  "63007": {
    he: "המספר ששולח אינו רשום ב־Twilio לוואטסאפ.",
    en: "The sending number is not a WhatsApp sender at Twilio.",
  },
  "63010": { he: "תקלה זמנית בצד של Twilio.", en: "An internal error at Twilio." },
  "63012": { he: "תקלה זמנית בצד של וואטסאפ.", en: "An internal error at WhatsApp." },
  "63013": {
    he: "ההודעה מפרה את המדיניות של וואטסאפ.",
    en: "The message violates WhatsApp's policy.",
  },
  "63016": {
    he: "עברו יותר מ־24 שעות מההודעה האחרונה של הלקוח. עכשיו אפשר לשלוח רק תבנית מאושרת.",
    en: "More than 24 hours have passed since the customer wrote; only an approved template can be sent.",
  },
  "63018": {
    he: "נשלחו יותר מדי הודעות בזמן קצר.",
    en: "Too many messages were sent in a short time.",
  },
  "63019": { he: "לא ניתן היה להביא את קובץ המדיה.", en: "The media file could not be fetched." },
  "63021": { he: "תוכן ההודעה אינו תקין.", en: "The message's content is not valid." },
  "63024": {
    he: "הנמען לא יכול לקבל את ההודעה הזאת.",
    en: "The recipient can't receive this message.",
  },
  "63032": {
    he: "בגלל מגבלה של וואטסאפ אי אפשר לשלוח לנמען הזה.",
    en: "A limitation of WhatsApp keeps this user from being written to.",
  },
  "63049": {
    he: "וואטסאפ בחר לא למסור את ההודעה השיווקית לנמען הזה.",
    en: "WhatsApp chose not to deliver this marketing message.",
  },
};

/**
 * Why Twilio did not deliver, for the business to read: the code and what it means.
 * @param said what Twilio itself says, for a code that is not known here
 */
export function twilioErrorWords(code: string, language: string, said = ""): string | null {
  if (code === "" || code === "0") return said || null;
  const words = WORDS[code]?.[language.startsWith("he") ? "he" : "en"] ?? said;
  return words ? `${code}: ${words}` : code;
}
