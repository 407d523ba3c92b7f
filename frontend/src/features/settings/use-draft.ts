import { computed, ref, type Ref, watch } from "vue";
import type { Settings, SettingsPatch } from "../../api/types.ts";

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** An editable copy of the saved settings, and what of it differs from them. */
export function useDraft(saved: Ref<Settings | undefined>) {
  const draft = ref<Settings>();
  const base = ref<Settings>();

  const changes = computed<SettingsPatch>(() => {
    const now = draft.value;
    const before = base.value;
    if (!now || !before) return {};
    const keys = Object.keys(now) as (keyof Settings)[];
    return Object.fromEntries(
      keys.filter((key) => !same(now[key], before[key])).map((key) => [key, now[key]]),
    );
  });
  const isDirty = computed(() => Object.keys(changes.value).length > 0);

  function adopt(settings: Settings): void {
    base.value = copy(settings);
    draft.value = copy(settings);
  }

  // News from the server must not overwrite what is being typed.
  watch(
    saved,
    (settings) => {
      if (settings && !isDirty.value) adopt(settings);
    },
    { immediate: true },
  );

  function discard(): void {
    if (saved.value) adopt(saved.value);
  }

  return { draft, changes, isDirty, adopt, discard };
}
