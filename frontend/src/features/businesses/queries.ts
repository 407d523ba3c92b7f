import { useMutation, useQuery, useQueryClient } from "@tanstack/vue-query";
import { ask, createBusiness, listBusinesses, updateBusiness } from "../../api/client.ts";
import type { Business, BusinessCreate } from "../../api/types.ts";

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

/** Suspends a business or opens it again; a suspension signs its people out at once. */
export function useSetBusinessStatus() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, status }: Pick<Business, "id" | "status">) =>
      ask(updateBusiness({ path: { id }, body: { status } })),
    onSettled: () => void client.invalidateQueries({ queryKey: ["businesses"] }),
  });
}
