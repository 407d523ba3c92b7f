import { useQuery } from "@tanstack/vue-query";
import { ask, getDashboard } from "../../api/client.ts";

export function useDashboard() {
  return useQuery({
    queryKey: ["dashboard"],
    queryFn: ({ signal }) => ask(getDashboard({ signal })),
  });
}
