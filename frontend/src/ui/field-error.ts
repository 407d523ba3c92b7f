import { toValue, type MaybeRefOrGetter } from "vue";
import { useI18n } from "vue-i18n";
import { isRefused } from "../api/problem.ts";

/** Gives, by a field's path in the request, what to say beside it when the server refused it. */
export function useFieldError(error: MaybeRefOrGetter<unknown>) {
  const { t, te } = useI18n();
  return (field: string): string | undefined => {
    if (!isRefused(toValue(error), field)) return undefined;
    const key = `invalid.${field.split(".").at(-1)}`;
    return t(te(key) ? key : "invalid.other");
  };
}
