import { useI18n } from "vue-i18n";

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** Makes the browser's own messages about fields speak the language on screen, not its own. */
export function useValidityWords() {
  const { t } = useI18n();

  function words({ valueMissing, tooShort, typeMismatch }: ValidityState, type: string): string {
    if (valueMissing) return t("invalid.missing");
    if (tooShort && type === "password") return t("invalid.password");
    if (typeMismatch && type === "email") return t("invalid.email");
    return t("invalid.other");
  }

  function onInvalid(event: Event): void {
    const field = event.target as Field;
    field.setCustomValidity("");
    if (!field.validity.valid) field.setCustomValidity(words(field.validity, field.type));
  }

  /** A message of our own stays until it is taken back. */
  function onInput(event: Event): void {
    (event.target as Field).setCustomValidity("");
  }

  return { onInvalid, onInput };
}
