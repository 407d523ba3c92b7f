import type { DateTime } from "luxon";

/** What the agent says or is told in the business's language. */
export interface Phrases {
  /** BCP 47 tag for names of days and months. */
  locale: string;
  /** luxon pattern of a day and an hour, as one says them. */
  when: string;
  day: string;
  ask_time: string;
  ask_again: string;
  booked(when: string): string;
  moved(when: string): string;
  already(when: string): string;
  taken(when: string): string;
  dropped: string;
  other_time: string;
  expired: string;
  read_back(when: string): string;
}

const he: Phrases = {
  locale: "he",
  when: "cccc, d בLLLL, 'בשעה' HH:mm",
  day: "cccc, d בLLLL",
  ask_time: "אני צריך גם שעה מדויקת, באיזו שעה תרצה?",
  ask_again: "ההצעה הקודמת כבר לא בתוקף. לאיזה תאריך ובאיזו שעה תרצה לקבוע?",
  booked: (when) => `התור נקבע: ${when}. אמור ללקוח שהתור נקבע.`,
  moved: (when) => `התור הועבר: ${when}. אמור ללקוח שהתור הועבר.`,
  already: (when) => `התור כבר נקבע קודם: ${when}. אין צורך לקבוע שוב.`,
  taken: (when) => `המועד ${when} כבר אינו פנוי ולא נקבע. הצע ללקוח מועד אחר.`,
  dropped: "הלקוח דחה את המועד שהוצע. שום תור לא נקבע. שאל מה יתאים לו.",
  other_time: "הלקוח ביקש מועד אחר מזה שהוצע. שום תור לא נקבע. הצע את המועד החדש ובקש אישור.",
  expired: "המועד שהוצע קודם כבר לא בתוקף. אם הלקוח רוצה תור, שאל שוב על תאריך ושעה.",
  read_back: (when) => `עדיין לא נקבע. חזור על המועד (${when}) ובקש אישור מפורש.`,
};

const en: Phrases = {
  locale: "en-GB",
  when: "cccc d LLLL 'at' HH:mm",
  day: "cccc d LLLL",
  ask_time: "I also need an exact time. What time would you like?",
  ask_again: "That offer has expired. Which date and what time would you like?",
  booked: (when) => `Booked: ${when}. Tell the customer that it is booked.`,
  moved: (when) => `Moved to ${when}. Tell the customer that it was moved.`,
  already: (when) => `Already booked before: ${when}. Nothing more to book.`,
  taken: (when) => `${when} is no longer free and was not booked. Offer another time.`,
  dropped: "The customer refused the proposed time. Nothing is booked. Ask what would suit.",
  other_time:
    "The customer asked for another time than the one proposed. Nothing is booked. " +
    "Propose the new time and ask for confirmation.",
  expired: "The time proposed before has expired. If they want one, ask for date and time again.",
  read_back: (when) => `Not booked yet. Read back ${when} and ask for an explicit confirmation.`,
};

/** Hebrew for `he` and `he-IL`, English for the rest. */
export function phrasesOf(language: string): Phrases {
  return language.startsWith("he") ? he : en;
}

/** A moment as one says it: «יום שלישי, 24 בנובמבר, בשעה 10:00». */
export function spokenTime(phrases: Phrases, at: DateTime): string {
  return at.setLocale(phrases.locale).toFormat(phrases.when);
}

export function spokenDay(phrases: Phrases, at: DateTime): string {
  return at.setLocale(phrases.locale).toFormat(phrases.day);
}
