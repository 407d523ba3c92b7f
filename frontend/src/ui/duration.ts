import { computed } from "vue";
import { useI18n } from "vue-i18n";

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** Seconds in words of the language on screen, in their two largest units: «2 hours, 5 minutes». */
export function useDuration() {
  const { locale } = useI18n();
  const words = computed(() => {
    const lists = new Intl.ListFormat(locale.value, { type: "unit", style: "long" });
    const numbers = UNITS.map(
      ([unit]) => new Intl.NumberFormat(locale.value, { style: "unit", unit, unitDisplay: "long" }),
    );
    return { lists, numbers };
  });

  return (seconds: number): string => {
    let left = Math.max(0, Math.round(seconds));
    const counts = UNITS.map(([, size]) => {
      const count = Math.floor(left / size);
      left -= count * size;
      return count;
    });
    const first = Math.max(0, counts.findIndex(Boolean));
    const { lists, numbers } = words.value;
    const parts = counts
      .map((count, at) => ({ count, at }))
      .filter(({ count, at }) => at >= first && at < first + 2 && count > 0)
      .map(({ count, at }) => numbers[at]!.format(count));
    return lists.format(parts.length > 0 ? parts : [numbers.at(-1)!.format(0)]);
  };
}
