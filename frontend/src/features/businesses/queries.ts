import { useMutation, useQuery, useQueryClient } from "@tanstack/vue-query";
import { ask, createBusiness, listBusinesses } from "../../api/client.ts";
import type { BusinessCreate } from "../../api/types.ts";

export function useBusinesses() {
  return useQuery({
    queryKey: ["businesses"],
    queryFn: ({ signal }) => ask(listBusinesses({ query: { limit: 200 }, signal })),
  });
}

export function useCreateBusiness() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: BusinessCreate) => ask(createBusiness({ body })),
    onSuccess: () => void client.invalidateQueries({ queryKey: ["businesses"] }),
  });
}
