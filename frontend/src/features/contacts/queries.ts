import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/vue-query";
import { computed, type MaybeRefOrGetter, toValue } from "vue";
import { ask, createContact, getContact, listContacts, updateContact } from "../../api/client.ts";

export function useContacts(q: MaybeRefOrGetter<string>) {
  const query = useInfiniteQuery({
    queryKey: ["contacts", q],
    queryFn: ({ pageParam, signal }) =>
      ask(
        listContacts({
          query: { q: toValue(q) || undefined, limit: 50, cursor: pageParam ?? undefined },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  });
  const contacts = computed(() => query.data.value?.pages.flatMap((page) => page.items) ?? []);
  return { query, contacts };
}

export function useContact(id: MaybeRefOrGetter<number | null>) {
  return useQuery({
    queryKey: ["contacts", "one", id],
    queryFn: ({ signal }) => ask(getContact({ path: { id: toValue(id)! }, signal })),
    enabled: () => toValue(id) !== null,
  });
}

/** Creates without `id`, changes with one. */
export function useSaveContact() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: { id?: number; name: string; phone: string }) =>
      id === undefined ? ask(createContact({ body })) : ask(updateContact({ path: { id }, body })),
    onSettled: () => void client.invalidateQueries({ queryKey: ["contacts"] }),
  });
}
