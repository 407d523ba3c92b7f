import { createI18n } from "vue-i18n";
import { en as vuetifyEn, he as vuetifyHe } from "vuetify/locale";
import en from "./en.json" with { type: "json" };
import he from "./he.json" with { type: "json" };

export type Locale = "he" | "en";

const STORED = "al_locale";

function initialLocale(): Locale {
  return localStorage.getItem(STORED) === "en" ? "en" : "he";
}

export const i18n = createI18n({
  legacy: false,
  locale: initialLocale(),
  fallbackLocale: "he",
  messages: { he: { ...he, $vuetify: vuetifyHe }, en: { ...en, $vuetify: vuetifyEn } },
});

function applyToDocument(locale: Locale): void {
  document.documentElement.lang = locale;
  document.documentElement.dir = locale === "he" ? "rtl" : "ltr";
}

applyToDocument(initialLocale());

/** True once the person at this browser has chosen a language; the business's own does not override it. */
export function hasChosenLocale(): boolean {
  return localStorage.getItem(STORED) !== null;
}

/** Shows the console in `locale`; `remember` keeps it for this browser. */
export function setLocale(locale: Locale, remember = true): void {
  i18n.global.locale.value = locale;
  if (remember) localStorage.setItem(STORED, locale);
  applyToDocument(locale);
}
