import type { Directive } from "vue";

/**
 * `v-focus`: this field has the focus as soon as it is there. Vuetify's own `autofocus` takes it
 * a moment later, when someone may already be typing into the next field.
 */
export const vFocus: Directive<HTMLElement> = {
  mounted(element) {
    element.querySelector<HTMLElement>("input, textarea")?.focus({ preventScroll: true });
  },
};
