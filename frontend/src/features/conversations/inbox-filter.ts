import { computed } from "vue";
import { useRoute, useRouter, type LocationQueryRaw } from "vue-router";
import { useSession } from "../auth/session.ts";
import type { InboxFilter } from "./queries.ts";

/** What the inbox shows, kept in the address so that going back finds it again. */
export function useInboxFilter() {
  const route = useRoute();
  const router = useRouter();
  const session = useSession();

  /** The agency's admins have no conversations of their own. */
  const mayBeMine = computed(() => session.user?.business_id === session.business?.id);
  const text = (name: string) => (typeof route.query[name] === "string" ? route.query[name] : "");

  function change(changes: LocationQueryRaw): void {
    const { type, status, unread, mine, q } = { ...route.query, ...changes };
    const query = Object.entries({ type, status, unread, mine, q }).filter(([, value]) => value);
    void router.replace({ path: route.path, query: Object.fromEntries(query) });
  }

  const type = computed(() => {
    const asked = text("type");
    return asked === "whatsapp" || asked === "call" ? asked : "all";
  });
  const status = computed(() => {
    const asked = text("status");
    return asked === "closed" || asked === "all" ? asked : "open";
  });
  const isUnread = computed(() => text("unread") === "1");
  const isMine = computed(() => mayBeMine.value && text("mine") === "1");
  const q = computed(() => text("q").trim().slice(0, 100));

  const filter = computed<InboxFilter>(() => ({
    ...(type.value !== "all" && { type: type.value }),
    ...(status.value !== "all" && { status: status.value }),
    ...(isUnread.value && { unread: "true" as const }),
    ...(isMine.value && session.user && { assigned_to: session.user.id }),
    ...(q.value && { q: q.value }),
  }));
  const isNarrowed = computed(
    () => type.value !== "all" || isUnread.value || isMine.value || q.value !== "",
  );

  return { filter, change, type, status, isUnread, isMine, mayBeMine, q, isNarrowed };
}
