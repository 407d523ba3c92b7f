import { useMutation, useQuery, useQueryClient } from "@tanstack/vue-query";
import { http } from "../../api/http.ts";
import type { Notification, Page } from "../../api/types.ts";
import { toastProblem } from "../../ui/toast-problem.ts";

export function useNotifications() {
  return useQuery({
    queryKey: ["notifications"],
    queryFn: ({ signal }) => http.get<Page<Notification>>("/api/notifications", { signal }),
  });
}

export function useMarkRead() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number | "all") =>
      http.post(id === "all" ? "/api/notifications/read-all" : `/api/notifications/${id}/read`),
    onError: toastProblem,
    onSettled: () => client.invalidateQueries({ queryKey: ["notifications"] }),
  });
}
