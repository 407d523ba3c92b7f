import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/vue-query";
import { computed, type MaybeRefOrGetter, toValue } from "vue";
import {
  ask,
  discardMessage,
  getThread,
  listAssignees,
  listCalls,
  listMessages,
  listThreads,
  listWhatsappTemplates,
  markThreadRead,
  retryMessage,
  startDemoChat,
  syncWhatsappTemplates,
  updateThread,
} from "../../api/client.ts";
import type { CallSummary, Thread, ThreadMessage, ThreadPatch } from "../../api/types.ts";
import { toast } from "../../ui/toast.ts";
import { toastProblem } from "../../ui/toast-problem.ts";
import { useSession } from "../auth/session.ts";

export interface InboxFilter {
  type?: Thread["type"];
  status?: Thread["status"];
  assigned_to?: number;
  unread?: "true";
  q?: string;
}

/** The conversations that match, the one with the latest message or call first. */
export function useThreads(filter: MaybeRefOrGetter<InboxFilter>) {
  const query = useInfiniteQuery({
    queryKey: ["threads", "list", filter],
    queryFn: ({ pageParam, signal }) =>
      ask(
        listThreads({
          query: { ...toValue(filter), limit: 40, cursor: pageParam ?? undefined },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  });
  const threads = computed(() => query.data.value?.pages.flatMap((page) => page.items) ?? []);
  return { query, threads };
}

/** The other conversations with the same person. */
export function useThreadsOf(contact_id: MaybeRefOrGetter<number | null>) {
  return useQuery({
    queryKey: ["threads", "list", "of", contact_id],
    queryFn: ({ signal }) =>
      ask(listThreads({ query: { contact_id: toValue(contact_id)!, limit: 10 }, signal })),
    enabled: () => toValue(contact_id) !== null,
  });
}

const MANY = 99;

/** The conversations that wait to be read, and how many they are as a badge says it: '' for none. */
export function useUnread() {
  const session = useSession();
  const query = useQuery({
    queryKey: ["threads", "unread"],
    queryFn: ({ signal }) => ask(listThreads({ query: { unread: "true", limit: MANY }, signal })),
    enabled: () => session.business !== null,
  });
  const threads = computed(() => query.data.value?.items ?? []);
  const badge = computed(() => {
    if (query.data.value?.next_cursor) return `${MANY}+`;
    return threads.value.length ? String(threads.value.length) : "";
  });
  return { threads, badge };
}

export function useThread(id: MaybeRefOrGetter<number>) {
  return useQuery({
    queryKey: ["threads", "one", id],
    queryFn: ({ signal }) => ask(getThread({ path: { id: toValue(id) }, signal })),
  });
}

/** A conversation's messages, oldest first, more of them page by page backwards. */
export function useMessages(id: MaybeRefOrGetter<number>) {
  const query = useInfiniteQuery({
    queryKey: ["threads", "messages", id],
    queryFn: ({ pageParam, signal }) =>
      ask(
        listMessages({
          path: { id: toValue(id) },
          query: { limit: 50, cursor: pageParam ?? undefined },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const messages = computed<ThreadMessage[]>(
    () => query.data.value?.pages.flatMap((page) => page.items).toReversed() ?? [],
  );
  return { query, messages };
}

export function useMarkRead() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => ask(markThreadRead({ path: { id } })),
    onSuccess: (thread) => {
      client.setQueryData(["threads", "one", thread.id], thread);
      void client.invalidateQueries({ queryKey: ["threads", "list"] });
      void client.invalidateQueries({ queryKey: ["threads", "unread"] });
    },
  });
}

/** Assigns, closes, or pauses the agent; the answer is shown at once. */
export function useChangeThread() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: ThreadPatch & { id: number }) =>
      ask(updateThread({ path: { id }, body })),
    onSuccess: (thread) => {
      client.setQueryData(["threads", "one", thread.id], thread);
      void client.invalidateQueries({ queryKey: ["threads", "list"] });
    },
    onError: toastProblem,
  });
}

export function useAssignees() {
  return useQuery({
    queryKey: ["assignees"],
    queryFn: ({ signal }) => ask(listAssignees({ signal })),
    staleTime: 300_000,
  });
}

/** What a person decides about a message that failed, or of which nobody knows. */
function useDecision(decide: (id: number) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: decide,
    onSettled: () => void client.invalidateQueries({ queryKey: ["threads"] }),
  });
}
export const useRetryMessage = () =>
  useDecision((id) => ask(retryMessage({ path: { id }, body: {} })));
export const useDiscardMessage = () => useDecision((id) => ask(discardMessage({ path: { id } })));

const TEMPLATES = ["whatsapp", "templates"];

export function useTemplates(enabled: MaybeRefOrGetter<boolean>) {
  return useQuery({
    queryKey: TEMPLATES,
    queryFn: ({ signal }) => ask(listWhatsappTemplates({ query: { limit: 200 }, signal })),
    enabled,
  });
}

/** Fetches them anew from where they are written and approved. */
export function useSyncTemplates() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => ask(syncWhatsappTemplates()),
    onSuccess: (templates) => client.setQueryData(TEMPLATES, templates),
    onError: toastProblem,
  });
}

/** The calls of a thread of calls, or those of the person who writes in the other ones; oldest first. */
export function useCallsOf(thread: MaybeRefOrGetter<Thread>) {
  const whose = computed(() => {
    const { id, type, contact_id } = toValue(thread);
    if (type === "call") return { thread_id: id };
    return contact_id === null ? null : { contact_id };
  });
  const query = useInfiniteQuery({
    queryKey: ["calls", "of", whose],
    queryFn: ({ pageParam, signal }) =>
      ask(
        listCalls({
          query: { ...whose.value, limit: 50, cursor: pageParam ?? undefined },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    enabled: () => whose.value !== null,
  });
  const calls = computed<CallSummary[]>(
    () => query.data.value?.pages.flatMap((page) => page.items).toReversed() ?? [],
  );
  return { query, calls };
}

/** In a demo: somebody writes. */
export function useStartDemoChat() {
  return useMutation({
    mutationFn: () => ask(startDemoChat()),
    onSuccess: () => toast("demo.writing", "info"),
    onError: toastProblem,
  });
}
