import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/vue-query";
import { computed, type MaybeRefOrGetter, toValue } from "vue";
import { ask, getCall, listCalls, placeDemoCall } from "../../api/client.ts";
import type { CallSummary } from "../../api/types.ts";
import { toastProblem } from "../../ui/toast-problem.ts";
import { toast } from "../../ui/toast.ts";
import { useSession } from "../auth/session.ts";

export function isLive(call: Pick<CallSummary, "status">): boolean {
  return call.status === "ringing" || call.status === "active";
}

/** The newest calls, more of them page by page. */
export function useCalls() {
  return useInfiniteQuery({
    queryKey: ["calls", "list"],
    queryFn: ({ pageParam, signal }) =>
      ask(listCalls({ query: { limit: 50, cursor: pageParam ?? undefined }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

/** Calls that are going on now, newest first. */
export function useLiveCalls() {
  const session = useSession();
  const query = useQuery({
    queryKey: ["calls", "newest"],
    queryFn: ({ signal }) => ask(listCalls({ query: { limit: 50 }, signal })),
    enabled: () => session.business !== null,
  });
  const calls = computed(() => (query.data.value?.items ?? []).filter(isLive));
  return { query, calls };
}

export function useCall(call_sid: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: ["calls", "one", call_sid],
    queryFn: ({ signal }) => ask(getCall({ path: { call_sid: toValue(call_sid) }, signal })),
  });
}

export const SCENARIOS = ["booking", "interruption", "dead_model"] as const;
export type Scenario = (typeof SCENARIOS)[number];

export function usePlaceDemoCall() {
  return useMutation({
    mutationFn: (scenario: Scenario) => ask(placeDemoCall({ body: { scenario } })),
    onSuccess: () => toast("demo.placed", "info"),
    onError: toastProblem,
  });
}
