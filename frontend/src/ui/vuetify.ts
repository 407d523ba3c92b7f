import { type I18n, useI18n } from "vue-i18n";
import { createVuetify } from "vuetify";
import { aliases, mdi } from "vuetify/iconsets/mdi-svg";
import { createVueI18nAdapter } from "vuetify/locale/adapters/vue-i18n";
import { i18n } from "../i18n/index.ts";
import { dark, light } from "./themes.ts";
import { storedTheme } from "./theme-choice.ts";

const field = { variant: "outlined", density: "comfortable", color: "primary" } as const;

export const vuetify = createVuetify({
  locale: {
    adapter: createVueI18nAdapter({ i18n: i18n as I18n<never, {}, {}, string, false>, useI18n }),
  },
  icons: { defaultSet: "mdi", aliases, sets: { mdi } },
  theme: { defaultTheme: storedTheme(), themes: { light, dark } },
  display: { mobileBreakpoint: "md" },
  defaults: {
    VBtn: { rounded: "lg", elevation: 0 },
    VCard: { rounded: "lg", elevation: 0 },
    VTextField: field,
    VTextarea: field,
    VSelect: field,
    VAutocomplete: field,
    VSwitch: { color: "primary", inset: true, density: "comfortable" },
    VList: { bgColor: "transparent" },
    VMenu: { VList: { bgColor: "surface" } },
    VTooltip: { location: "bottom" },
    VAlert: { variant: "tonal", rounded: "lg", density: "comfortable" },
  },
});
