import { useQuery } from "@tanstack/vue-query";
import { http } from "../../api/http.ts";
import type { Dashboard } from "../../api/types.ts";

export function useDashboard() {
  return useQuery({
    queryKey: ["dashboard"],
    queryFn: ({ signal }) => http.get<Dashboard>("/api/dashboard", { signal }),
  });
}
