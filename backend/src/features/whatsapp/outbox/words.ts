import type { Refusal } from "./policy.ts";

type Language = "he" | "en";

/** Why a message is not sent, for the business to read. */
const REFUSALS: Record<Refusal | "too_long" | "discarded" | "gave_up", Record<Language, string>> = {
  opted_out: {
    he: "הלקוח ביקש לא לקבל הודעות.",
    en: "The customer asked not to be written to.",
  },
  window_closed: {
    he: "עברו יותר מ־24 שעות מההודעה האחרונה של הלקוח. עכשיו אפשר לשלוח רק תבנית מאושרת.",
    en: "More than 24 hours have passed since the customer wrote; only an approved template can be sent.",
  },
  template_not_approved: {
    he: "התבנית לא אושרה על ידי וואטסאפ, ולכן אפשר לשלוח אותה רק תוך 24 שעות מהודעת הלקוח.",
    en: "WhatsApp has not approved this template; it can be sent only within 24 hours of the customer's message.",
  },
  template_needs_twilio: {
    he: "תבניות נשלחות רק דרך Twilio.",
    en: "Templates are sent by Twilio only.",
  },
  twilio_disabled: { he: "Twilio לא מוגדר.", en: "Twilio is not configured." },
  not_connected: {
    he: "הוואטסאפ של העסק לא מחובר כרגע.",
    en: "The business's WhatsApp is not connected right now.",
  },
  stranger: {
    he: "הלקוח עוד לא כתב לעסק בוואטסאפ, והעסק לא כותב ראשון.",
    en: "The customer has not written on WhatsApp yet, and the business does not write first.",
  },
  no_provider: {
    he: "אין ערוץ וואטסאפ שאפשר לשלוח דרכו.",
    en: "There is no WhatsApp channel to send by.",
  },
  too_long: {
    he: "דרך Twilio אפשר לשלוח עד 1600 תווים.",
    en: "By Twilio a message can have at most 1600 characters.",
  },
  discarded: { he: "השליחה בוטלה.", en: "The message was discarded." },
  gave_up: {
    he: "ההודעה לא נשלחה: הניסיונות נכשלו זמן רב מדי.",
    en: "The message was not sent: trying failed for too long.",
  },
};

export type Unsent = keyof typeof REFUSALS;

const of = (language: string): Language => (language.startsWith("he") ? "he" : "en");

/** `window_closed: …`, as it stands in a message's `error`. */
export const unsentError = (why: Unsent, language: string): string =>
  `${why}: ${REFUSALS[why][of(language)]}`;

/** The sentence alone, in English as all problem details are. */
export const unsentDetail = (why: Unsent): string => REFUSALS[why].en;

interface Notices {
  stuck: string;
  stuck_body: (to: string) => string;
  failed: string;
  failed_body: (to: string, error: string) => string;
}

const NOTICES: Record<Language, Notices> = {
  he: {
    stuck: "הודעת וואטסאפ תקועה",
    stuck_body: (to) => `לא ידוע אם ההודעה אל ${to} נשלחה. אפשר לשלוח אותה שוב או לוותר עליה.`,
    failed: "הודעת וואטסאפ לא נשלחה",
    failed_body: (to, error) => `ההודעה אל ${to} לא נשלחה. ${error}`,
  },
  en: {
    stuck: "A WhatsApp message is stuck",
    stuck_body: (to) =>
      `It is not known whether the message to ${to} was sent. It can be sent again or discarded.`,
    failed: "A WhatsApp message was not sent",
    failed_body: (to, error) => `The message to ${to} was not sent. ${error}`,
  },
};

export const outboxNotices = (language: string): Notices => NOTICES[of(language)];
