import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/vue-query";
import { computed, type MaybeRefOrGetter, toValue } from "vue";
import { http } from "../../api/http.ts";
import type { Page, Task } from "../../api/types.ts";

export type TaskStatus = Task["status"];

export function useTasks(status: MaybeRefOrGetter<TaskStatus>) {
  const query = useInfiniteQuery({
    queryKey: ["tasks", "list", status],
    queryFn: ({ pageParam, signal }) =>
      http.get<Page<Task>>("/api/tasks", {
        query: { status: toValue(status), limit: 50, cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const tasks = computed(() => query.data.value?.pages.flatMap((page) => page.items) ?? []);
  return { query, tasks };
}

/** The newest open tasks, for the first page. */
export function useOpenTasks() {
  return useQuery({
    queryKey: ["tasks", "open"],
    queryFn: ({ signal }) =>
      http.get<Page<Task>>("/api/tasks", { query: { status: "open", limit: 5 }, signal }),
  });
}

export interface TaskInput {
  title?: string;
  body?: string;
  status?: TaskStatus;
  due_at?: string | null;
}

/** Creates without `id`, changes with one. */
export function useSaveTask() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: TaskInput & { id?: number }) =>
      id === undefined ? http.post<Task>("/api/tasks", body) : http.patch<Task>(`/api/tasks/${id}`, body),
    onSettled: () => client.invalidateQueries({ queryKey: ["tasks"] }),
  });
}

export function useDeleteTask() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => http.delete(`/api/tasks/${id}`),
    onSettled: () => client.invalidateQueries({ queryKey: ["tasks"] }),
  });
}
