import { useQuery } from "@tanstack/vue-query";
import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { ask, listCalls } from "../../api/client.ts";
import { ProblemError } from "../../api/problem.ts";
import type { WhatsappStatus } from "../../api/types.ts";
import { useSession } from "../auth/session.ts";

/** How far a business has come, looked at from outside of it. */
export function useProgress(business_id: MaybeRefOrGetter<number | undefined>) {
  const session = useSession();
  const id = computed(() => toValue(business_id));
  // Acting for another business, its answers would come instead.
  const enabled = computed(
    () => id.value !== undefined && (!session.business || session.business.id === id.value),
  );
  const common = { enabled, refetchInterval: 15_000 };
  const whatsapp = useQuery({
    ...common,
    queryKey: ["start", "whatsapp", id],
    queryFn: async ({ signal }) => {
      const path = `/api/whatsapp/status?business_id=${id.value}`;
      const answer = await fetch(path, { signal });
      if (!answer.ok) throw new ProblemError(answer.status, {});
      return (await answer.json()) as WhatsappStatus;
    },
  });
  const calls = useQuery({
    ...common,
    queryKey: ["start", "calls", id],
    queryFn: ({ signal }) => {
      const query = { business_id: id.value, limit: 1 };
      return ask(listCalls({ query, signal }));
    },
  });
  return {
    isOnWhatsapp: computed(() => whatsapp.data.value?.baileys.connected ?? false),
    hadCall: computed(() => (calls.data.value?.items.length ?? 0) > 0),
  };
}
