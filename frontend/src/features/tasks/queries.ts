import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/vue-query";
import { computed, type MaybeRefOrGetter, toValue } from "vue";
import { ask, createTask, deleteTask, getTask, listTasks, updateTask } from "../../api/client.ts";
import type { Task, TaskCreate, TaskPatch } from "../../api/types.ts";

export type TaskStatus = Task["status"];

export function useTasks(status: MaybeRefOrGetter<TaskStatus>) {
  const query = useInfiniteQuery({
    queryKey: ["tasks", "list", status],
    queryFn: ({ pageParam, signal }) =>
      ask(
        listTasks({
          query: { status: toValue(status), limit: 50, cursor: pageParam ?? undefined },
          signal,
        }),
      ),
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
    queryFn: ({ signal }) => ask(listTasks({ query: { status: "open", limit: 5 }, signal })),
  });
}

export function useTask(id: MaybeRefOrGetter<number | null>) {
  return useQuery({
    queryKey: ["tasks", "one", id],
    queryFn: ({ signal }) => ask(getTask({ path: { id: toValue(id)! }, signal })),
    enabled: () => toValue(id) !== null,
  });
}

/** Creates without `id`, changes with one. */
export function useSaveTask() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: (TaskCreate & { id?: undefined }) | (TaskPatch & { id: number })) => {
      if (input.id === undefined) return ask(createTask({ body: input }));
      const { id, ...body } = input;
      return ask(updateTask({ path: { id }, body }));
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ["tasks"] }),
  });
}

export function useDeleteTask() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => ask(deleteTask({ path: { id } })),
    onSettled: () => void client.invalidateQueries({ queryKey: ["tasks"] }),
  });
}
