import { useMutation, useQuery, useQueryClient } from "@tanstack/vue-query";
import {
  ask,
  listNotifications,
  readAllNotifications,
  readNotification,
} from "../../api/client.ts";
import { toastProblem } from "../../ui/toast-problem.ts";

export function useNotifications() {
  return useQuery({
    queryKey: ["notifications"],
    queryFn: ({ signal }) => ask(listNotifications({ signal })),
  });
}

export function useMarkRead() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (id: number | "all") => {
      if (id === "all") await ask(readAllNotifications());
      else await ask(readNotification({ path: { id } }));
    },
    onError: toastProblem,
    onSettled: () => void client.invalidateQueries({ queryKey: ["notifications"] }),
  });
}
