import { ref, type Ref, watch } from "vue";
import { useSession } from "../auth/session.ts";

const PREFIX = "al_kept:";

/**
 * A value that outlives a reload of this tab, for each person in each business apart. It is
 * forgotten when the person signs out.
 */
export function keptForTab<T extends object>(name: string, empty: () => T): Ref<T> {
  const session = useSession();
  const place = () => `${PREFIX}${session.user?.id}:${session.business?.id}:${name}`;
  const read = () => JSON.parse(sessionStorage.getItem(place()) ?? "null") ?? empty();
  const value = ref(read()) as Ref<T>;
  watch(place, () => (value.value = read()), { flush: "sync" });
  watch(value, (now) => session.user && sessionStorage.setItem(place(), JSON.stringify(now)), {
    deep: true,
    flush: "sync",
  });
  return value;
}
