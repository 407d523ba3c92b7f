import { computed } from "vue";
import { useI18n } from "vue-i18n";
import { useSession } from "../features/auth/session.ts";

const TAGS: Record<string, string> = { he: "he-IL", en: "en-IL" };

/** Times in the business's own zone, in the words of the language on screen. */
export function useFormat() {
  const { locale, t } = useI18n();
  const session = useSession();

  const formats = computed(() => {
    const tag = TAGS[locale.value] ?? "he-IL";
    const zone = { timeZone: session.timezone };
    const make = (options: Intl.DateTimeFormatOptions) =>
      new Intl.DateTimeFormat(tag, { ...zone, ...options });
    return {
      time: make({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
      day: make({ weekday: "long", day: "numeric", month: "long" }),
      date: make({ day: "numeric", month: "long", year: "numeric" }),
      short: make({ day: "numeric", month: "short" }),
      key: new Intl.DateTimeFormat("en-CA", zone),
      number: new Intl.NumberFormat(tag),
      ahead: new Intl.RelativeTimeFormat(tag),
      seconds: new Intl.NumberFormat(tag, { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
    };
  });

  /** `2026-11-20` in the business's zone. */
  const dayKey = (iso: string | Date) => formats.value.key.format(new Date(iso));
  const time = (iso: string) => formats.value.time.format(new Date(iso));
  const date = (iso: string) => formats.value.date.format(new Date(iso));

  /** «היום», «מחר», «אתמול», else the date, with its weekday unless `brief`. */
  function day(iso: string, brief = false): string {
    const key = dayKey(iso);
    const now = Date.now();
    const near: [number, string][] = [
      [0, "time.today"],
      [1, "time.tomorrow"],
      [-1, "time.yesterday"],
    ];
    for (const [offset, word] of near) {
      if (key === dayKey(new Date(now + offset * 86_400_000))) return t(word);
    }
    return (brief ? formats.value.short : formats.value.day).format(new Date(iso));
  }

  /** `m:ss`, e.g. `2:07`. */
  function clock(seconds: number): string {
    const whole = Math.max(0, Math.floor(seconds));
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  }

  /** Milliseconds in words: «340 אלפיות שנייה» under a second, «1.2 שניות» above. */
  function span(ms: number): string {
    if (ms < 1000) return t("time.ms", { n: formats.value.number.format(Math.round(ms)) });
    return t("time.s", { n: formats.value.seconds.format(ms / 1000) });
  }

  /** How far ahead of `now` a time is: «בעוד 24 דקות», «בעוד 3 שעות», «בעוד יומיים». */
  function ahead(iso: string, now: number): string {
    const minutes = Math.max(1, Math.round((Date.parse(iso) - now) / 60_000));
    if (minutes < 60) return formats.value.ahead.format(minutes, "minute");
    const hours = Math.round(minutes / 60);
    if (hours < 36) return formats.value.ahead.format(hours, "hour");
    return formats.value.ahead.format(Math.round(hours / 24), "day");
  }

  const number = (value: number) => formats.value.number.format(value);
  return { dayKey, time, date, day, clock, span, ahead, number };
}
