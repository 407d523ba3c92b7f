/** A fixed sentence of the product, spoken in Hebrew. */
export interface PromptText {
  /** `mp3`: played by Twilio from `/static/tts/<name>.mp3`. `ulaw`: put into a call as it is. */
  format: "mp3" | "ulaw";
  text: string;
  /** For `assets/make.ts`: espeak-ng reads Hebrew without vowels badly, so it gets phonemes. */
  say: string;
}

export const PROMPTS = {
  greeting_he: {
    format: "mp3",
    text: "שלום, כאן העוזר הקולי. איך אפשר לעזור?",
    say: `Sal'om, k'an ha?oz'eQ" hakol'i. ?'ejX ?efS'aQ" la?az'oQ"?`,
  },
  fallback_he: {
    format: "mp3",
    text: "אנחנו לא יכולים לענות כרגע. אפשר להשאיר הודעה עכשיו, ונחזור אליכם בהקדם.",
    say:
      `?an'aXnu l'o jeXol'im la?an'ot kaQ"'ega. ` +
      `?efS'aQ" lehaS?'iQ" hoda?'a ?aXS'av, venaXz'oQ" ?alejX'em behekd'em.`,
  },
  one_moment: {
    format: "ulaw",
    text: "רק רגע, אני בודק",
    say: `Q"'ak Q"'ega, ?an'i bod'ek.`,
  },
  with_you_shortly: {
    format: "ulaw",
    text: "עוד רגע איתך",
    say: `?'od Q"'ega ?itX'a.`,
  },
  still_there: {
    format: "ulaw",
    text: "אתה עדיין על הקו?",
    say: `?at'a ?ad'ajin ?'al hak'av?`,
  },
  goodbye: {
    format: "ulaw",
    text: "תודה שהתקשרת, להתראות",
    say: `tod'a Sehitkas'aQ"ta, lehitQ"a?'ot.`,
  },
} as const satisfies Record<string, PromptText>;

export type PromptName = keyof typeof PROMPTS;
export type Mp3Name = Extract<PromptName, `${string}_he`>;
export type UlawName = Exclude<PromptName, Mp3Name>;
