import { DEFAULT_SETTINGS } from "@agentlocator/contract";
import type { Settings } from "@agentlocator/contract";

const TEXTS = {
  he: {
    greeting: (name: string) => `שלום, הגעתם ל${name}. איך אפשר לעזור?`,
    ai_prompt: (name: string) =>
      [
        `את הנציגה של ${name} ועונה ללקוחות בשם העסק.`,
        "דברי עברית טבעית, בחום ובקיצור: משפט או שניים בכל פעם.",
        "עזרי לקבוע, להזיז או לבטל תור, ועני על שאלות לפי מה שידוע לך על העסק.",
        "מה שאינך יודעת – אמרי שאינך יודעת, והציעי להשאיר הודעה לצוות.",
      ].join("\n"),
    calendar: "יומן",
  },
  en: {
    greeting: (name: string) => `Hello, you have reached ${name}. How can I help?`,
    ai_prompt: (name: string) =>
      [
        `You are the receptionist of ${name} and answer customers in its name.`,
        "Speak naturally, warmly and briefly: a sentence or two at a time.",
        "Help to book, move or cancel an appointment, and answer what you know of the business.",
        "When you do not know something, say so and offer to take a message for the team.",
      ].join("\n"),
    calendar: "Calendar",
  },
};

/** What a new business starts with, in its own language; `calendar` names its first calendar. */
export function newBusinessDefaults(business: {
  name: string;
  locale: Settings["language"];
  timezone: string;
}): { settings: Settings; calendar: string } {
  const texts = business.locale.startsWith("he") ? TEXTS.he : TEXTS.en;
  return {
    settings: {
      ...DEFAULT_SETTINGS,
      ai_prompt: texts.ai_prompt(business.name),
      greeting: texts.greeting(business.name),
      language: business.locale,
      timezone: business.timezone,
    },
    calendar: texts.calendar,
  };
}
